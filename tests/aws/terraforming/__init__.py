"""The AWS part of a resource graph as Terraform JSON, for a real AWS provider to judge."""
