// The two functions of the comparison on net/http, from the standard library alone.
package main

import (
	"encoding/json"
	"io"
	"log"
	"net/http"
	"os"
)

type order struct {
	Name  string `json:"name"`
	Items []int  `json:"items"`
	Note  string `json:"note"`
}

type reply struct {
	Greeting string `json:"greeting"`
	Lang     string `json:"lang"`
	Total    int    `json:"total"`
}

func hello(response http.ResponseWriter, request *http.Request) {
	io.WriteString(response, "Hello world!")
}

func orders(response http.ResponseWriter, request *http.Request) {
	var taken order
	if err := json.NewDecoder(request.Body).Decode(&taken); err != nil {
		http.Error(response, "not JSON", http.StatusBadRequest)
		return
	}
	total := 0
	for _, item := range taken.Items {
		total += item
	}
	response.Header().Set("Content-Type", "application/json")
	response.Header().Set("X-Case", "json")
	response.WriteHeader(http.StatusCreated)
	json.NewEncoder(response).Encode(reply{"Hello " + taken.Name, request.URL.Query().Get("lang"), total})
}

func main() {
	http.HandleFunc("/", hello)
	http.HandleFunc("/orders", orders)
	log.Fatal(http.ListenAndServe("127.0.0.1:"+os.Getenv("PORT"), nil))
}
