import functions_framework


class Person:
    def __init__(self, name, age):
        self.name = name
        self.age = age

    @staticmethod
    def from_dict(value):
        return Person(value["name"], value["age"])

    def to_dict(self):
        return {"name": self.name, "age": self.age}


@functions_framework.typed(Person)
async def birthday(person):
    return Person(person.name, person.age + 1)
