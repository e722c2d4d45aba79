import pulumi

from aidc.components import InferenceService, LoadBalancer, Tenancy

team = Tenancy("support", {"quota": {"cpu": "8", "load_balancers": "1"}})
image = "registry.example/assistant:1.4.2"
chat = InferenceService("assistant", {"namespace": team.namespace, "image": image})
LoadBalancer(
    "assistant",
    {"namespace": team.namespace, "selector": chat.selector, "ports": {"http": {"port": 8000}}},
)
pulumi.export("url", chat.url)
