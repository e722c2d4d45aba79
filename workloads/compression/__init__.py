"""Compression: exported models made smaller by quantisation, pruning and distillation."""
