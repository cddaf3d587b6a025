"""Rekognition's DetectFaces on one machine, with OpenCV's Haar cascades.

It answers in AWS's shapes with AWS's errors and reads S3 objects with the caller's own permissions. What it
finds it has measured; it is far less sharp than AWS's detector, so it would rather miss a face than see one
in a dog. A face is reported when three detections agree: the frontal cascades `alt` and `default`, and `alt`
on the mirrored picture.

Measured with OpenCV 4.14 (`tests/integration/rekognition/test_detection.py` repeats it; times are one
core's):

    picture                                          people    found    ms
    scikit-image astronaut, 512×512                       1        1   516
    matplotlib grace_hopper, 512×600                      1        1   432
    scikit-learn china, flower; 640×427                   0        0   142, 111
    scikit-image coins, chelsea (cat), coffee, rocket     0        0   62 … 118
    six dogs, a cat, an owl; 400×401 … 1920×1080          0        0   102 … 650
    LFW, 100 crops of faces at 120 pixels               100       98
    LFW, 100 crops of other things                        0        0

Sizes matter to the cascades: in the fourteen pictures without people, at 0.5 … 1.6 times their size and
mirrored, it saw one in 2 of 140 (coins, enlarged); the two with people were found in all 20.
"""
