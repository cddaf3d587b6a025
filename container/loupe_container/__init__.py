"""The container Lambda: a picture in, its class out, with the model inside the image.

Three handlers share one image: `classify_image_data` has the workflow's contract, `record_prediction` is
called for each upload, `query_predictions` serves the HTTP API.
"""
