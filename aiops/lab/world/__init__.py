"""What surrounds the API: controllers, scheduler, kubelets, autoscaler, the other operators and the model servers."""
