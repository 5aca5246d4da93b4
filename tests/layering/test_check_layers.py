#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Plants faults in a small tree and expects check_layers.py to see each of them, and nothing else."""
import pathlib
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).parent))
import check_layers

LAYERS = check_layers.read_layers("# words\n0 include/amanat*\n1 policy/base*\n2 policy/cedar\n3 gateway/a gateway/b\n")


def check(files):
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder)
        for name, text in files.items():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_text(text)
        return check_layers.check(root, LAYERS)[0]


class CheckLayers(unittest.TestCase):
    def test_accepts_what_the_table_allows(self):
        self.assertEqual([], check({
            "policy/cedar/cedar.h": "",
            "policy/cedar/lexer.c": '#include <stdio.h>\n#include <openssl/evp.h>\n#include "amanat/result.h"\n'
                                    '#include "policy/base/arena.h"\n#include "policy/cedar/lexer.h"\n',
            "gateway/a/a.c": '#include "policy/cedar/cedar.h"\n',
        }))

    def test_refuses(self):
        cases = {
            "an upward include": ("policy/base/arena.c", '\n#include "policy/cedar/cedar.h"', ":2: policy/base (layer 1)"),
            "an upward include with blanks": ("policy/base/arena.c", '  #  include   "policy/cedar/cedar.h"', "(layer 2)"),
            "an upward include in angles": ("policy/base/arena.c", "#include <policy/cedar/cedar.h>", "(layer 2)"),
            "a folder of the same layer": ("gateway/a/a.c", '#include "gateway/b/b.h"', "may not include gateway/b"),
            "another folder's private header": ("gateway/a/a.c", '#include "policy/cedar/lexer.h"', "front door cedar.h"),
            "an include without its path": ("gateway/a/a.c", '#include "a.h"', "no path from the root"),
            "an unknown folder": ("gateway/a/a.c", '#include "gateway/c/c.h"', "gateway/c stands in no layer"),
            "a file in an unknown folder": ("gateway/new/new.h", "", "gateway/new stands in no layer"),
            "the public API on something above": ("include/amanat/x.h", '#include "policy/base/arena.h"', "(layer 1)"),
        }
        for what, (name, text, expected) in cases.items():
            with self.subTest(what):
                faults = check({name: text})
                self.assertEqual(1, len(faults), faults)
                self.assertIn(expected, faults[0])


if __name__ == "__main__":
    unittest.main()
