"""Pictures: whatever people upload, the model's input, the copy for face detection, the annotated result."""
