import pulumi

from aidc.components import InferenceService, LoadBalancer, Tenancy

tenant = Tenancy("serving", {"quota": {"load_balancers": "1"}})
chat = InferenceService("chat", {"namespace": tenant.namespace, "image": "registry.example/chat:1.4.2"})
ports = {"http": {"port": 80, "target_port": 8000}}
LoadBalancer("chat", {"namespace": tenant.namespace, "selector": chat.selector, "ports": ports})
pulumi.export("url", chat.url)
