import pulumi

from aidc.components import InferenceService, LoadBalancer, Tenancy

team = Tenancy("support", {"quota": {"cpu": "8", "load_balancers": "1"}})
chat = InferenceService("assistant", {"namespace": team.namespace, "image": "registry.example/assistant:1.4.2"})
ports = {"http": {"port": 80, "target_port": 8000}}
LoadBalancer("assistant", {"namespace": team.namespace, "selector": chat.selector, "ports": ports})
pulumi.export("url", chat.url)
