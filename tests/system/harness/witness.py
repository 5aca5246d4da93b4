# SPDX-License-Identifier: Apache-2.0
"""Starts `amanat witness` for one log."""
import pathlib

import yaml
from demo_keys import NoteSigner
from demo_processes import Program


class Witness:
    def __init__(self, programs, folder, origin, log_vkey, name="witness.example/test"):
        self.programs = pathlib.Path(programs)
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.signer = NoteSigner(self.folder / "witness.pem", name, kind=4)
        self.vkey_file = self.folder / "witness.vkey"
        self.vkey_file.write_text(self.signer.vkey + "\n", encoding="utf-8")
        (self.folder / "log.vkey").write_text(log_vkey + "\n", encoding="utf-8")
        self.configuration = {"listen": "127.0.0.1:0", "name": name, "key": "witness.pem", "folder": "log/",
                              "origins": [{"origin": origin, "vkey": "log.vkey"}]}
        self.program = None
        self.url = None

    def start(self):
        file = self.folder / "witness.yaml"
        file.write_text(yaml.safe_dump(self.configuration), encoding="utf-8")
        self.program = Program("witness", [self.programs / "amanat", "witness", file], self.folder / "said")
        self.url = f"http://127.0.0.1:{self.program.listeners()[0][1]}"
        return self

    def stop(self):
        if self.program is not None and self.program.is_running():
            assert self.program.stop() == 0, self.program.log
