import base64
import io

import pytest
import torch
from PIL import Image

from aidc.workloads.models.export import load_model


def encoded(image: Image.Image, kind: str = "PNG") -> str:
    file = io.BytesIO()
    image.save(file, kind)
    return base64.b64encode(file.getvalue()).decode()


def test_probabilities_are_those_of_the_model(digits_server, exports):
    model = load_model(exports / "digits").model
    torch.manual_seed(1)
    images = torch.rand(3, 1, 8, 8)
    with torch.inference_mode():
        wanted = model(images).softmax(-1)
    with digits_server.client() as client:
        document = client.post("/v1/predict", json={"inputs": images.tolist(), "top": 10}).json()
    for prediction, row in zip(document["predictions"], wanted, strict=True):
        found = {each["label"]: each["probability"] for each in prediction["top"]}
        assert prediction["label"] == str(int(row.argmax()))
        assert found == pytest.approx({str(place): float(value) for place, value in enumerate(row)}, abs=1e-5)


def test_a_file_is_its_pixels(digits_server):
    image = Image.new("L", (8, 8))
    image.putdata(list(range(0, 256, 4)))
    pixels = [[value / 255 for value in range(row * 32, row * 32 + 32, 4)] for row in range(8)]
    inputs = [encoded(image), f"data:image/png;base64,{encoded(image)}", pixels]
    with digits_server.client() as client:
        found = [
            each["probability"] for each in client.post("/v1/predict", json={"inputs": inputs}).json()["predictions"]
        ]
    assert found == pytest.approx([found[0]] * 3, abs=1e-6)


@pytest.mark.parametrize(
    ("inputs", "said"),
    [
        ([], "inputs"),
        (["%%%"], "no base64"),
        ([base64.b64encode(b"no image").decode()], "no readable PNG or JPEG"),
        ([[[0.0] * 8] * 7], "7 x 8; the model wants 1 x 8 x 8"),
        ([[[0.0] * 8] * 7 + [[0.0] * 7]], "one length"),
        ([[[2.0] * 8] * 8], "from 0 to 1"),
        ([[["a"] * 8] * 8], "from 0 to 1"),
        ([[[0.0] * 8] * 8] * 9, "send 8 at most"),
    ],
)
def test_what_is_no_image_is_refused(digits_server, inputs, said):
    with digits_server.client() as client:
        answer = client.post("/v1/predict", json={"inputs": inputs})
    assert answer.status_code == 400, answer.text
    assert said in answer.json()["error"]["message"]


def test_an_image_that_unpacks_to_too_much_is_refused_by_its_header(digits_server):
    image = encoded(Image.new("1", (5000, 5000)))
    with digits_server.client() as client:
        answer = client.post("/v1/predict", json={"inputs": [image]})
    assert answer.status_code == 400
    assert "16,777,216 at most" in answer.json()["error"]["message"]


def test_a_model_of_images_generates_no_text(digits_server):
    with digits_server.client() as client:
        answer = client.post("/v1/completions", json={"prompt": "a"})
    assert answer.status_code == 400
    assert "/v1/predict" in answer.json()["error"]["message"]
