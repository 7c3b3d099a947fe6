"""Counts words. Whatever it prints is shown while it runs; what it returns is the result."""

import re
from collections import Counter


def count(inputs):
    words = re.findall(r"\w+", inputs["text"].lower())
    print(f"{len(words)} words found")
    top = int(inputs.get("top", 3))
    return {
        "words": len(words),
        "different": len(set(words)),
        "top": [{"word": word, "times": times} for word, times in Counter(words).most_common(top)],
    }
