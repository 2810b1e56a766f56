"""AWS services that send events to Lambda, each as the CloudEvents that its records stand for."""
