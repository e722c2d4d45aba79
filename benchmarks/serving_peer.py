"""The same model behind LitServe, with its own batching: `python serving_peer.py MODEL PORT`, for serving.py."""

import sys
from typing import Any

import litserve


class Completions(litserve.LitAPI):
    def __init__(self, folder: str) -> None:
        super().__init__(max_batch_size=16, batch_timeout=0.005, api_path="/v1/completions")
        self.folder = folder

    def setup(self, device: Any) -> None:
        from pathlib import Path

        import torch

        from aidc.workloads.models.export import load_model
        from aidc.workloads.models.generation import Generator

        torch.set_num_threads(1)
        self.loaded = load_model(Path(self.folder))
        self.generator = Generator(self.loaded.model, self.loaded.encoding, 16)

    # With an annotation that is no model, LitServe looks for it in the query.
    def decode_request(self, request):  # type: ignore[no-untyped-def]
        from aidc.workloads.models.sampling import Sampling

        sampling = Sampling(maximum_tokens=request["max_tokens"], temperature=0, ignore_end=True)
        return self.loaded.encoding.encode(request["prompt"]), sampling

    def batch(self, inputs: list[Any]) -> list[Any]:
        return inputs

    def predict(self, batch: list[Any]) -> list[str]:
        rows = self.generator.prefill(batch)
        while self.generator.active:
            self.generator.step()
        return [row.text for row in rows]

    def unbatch(self, output: list[str]) -> list[str]:
        return output

    def encode_response(self, output: str) -> dict[str, Any]:
        return {"choices": [{"text": output}]}


if __name__ == "__main__":
    server = litserve.LitServer(Completions(sys.argv[1]), accelerator="cpu", timeout=120)
    server.run(host="127.0.0.1", port=int(sys.argv[2]), generate_client_file=False, log_level="warning")
