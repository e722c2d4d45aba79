"""Models: GPT-2, a convolutional network and an LSTM, their text encodings, generation and exports."""
