"""How good the model is out there, from what people answered and from what the records keep."""
