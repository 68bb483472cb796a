"""A rehearsal cluster: a Kubernetes API in memory, with an Argo CD and the rest of a platform's world simulated.

It imports nothing of aiops: it speaks HTTP, as a cluster does, and reads the platform's tree itself.

    api        the Kubernetes API: what is stored, how it is written, and how it is asked for over HTTP
    world      controllers, scheduler, kubelets, autoscaler, operators, model servers
    argocd     its controllers, the repo server with its rendering, and the calls of its own API
    provoked   what can go wrong, one fault after the other

What it does not simulate: containers and their probes, a network between pods, CEL, webhooks, exec and attach, charts
(each is one stub Deployment), kustomize's remote resources, sync windows, dry runs of syncs, pod affinity and
preemption, protobuf in answers. docs/lab.md has the whole list. What is not served is a 501, and remembered.
"""
