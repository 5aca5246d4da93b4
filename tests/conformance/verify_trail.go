// SPDX-License-Identifier: Apache-2.0

// verify_trail TRAIL VKEY: holds a trail against the code behind sum.golang.org (golang.org/x/mod/sumdb): the checkpoint
// as a signed note, every entry as a leaf, inclusion proofs for entries and consistency proofs for older checkpoints,
// all of them computed from the published tiles alone.
//
// Built with: GO111MODULE=off GOPATH=…:/usr/share/gocode go build (Debian's golang-golang-x-mod-dev).
package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

func must(err error, what string) {
	if err != nil {
		fmt.Fprintf(os.Stderr, "%s: %v\n", what, err)
		os.Exit(3)
	}
}

// openCheckpoint verifies a note and reads the size and root that it signs.
func openCheckpoint(text []byte, verifiers note.Verifiers) (int64, tlog.Hash) {
	opened, err := note.Open(text, verifiers)
	must(err, "note.Open")
	lines := strings.Split(opened.Text, "\n")
	if len(lines) != 4 {
		must(fmt.Errorf("%d lines", len(lines)), "checkpoint")
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	must(err, "size")
	root, err := tlog.ParseHash(lines[2])
	must(err, "root")
	return size, root
}

// tiles reads C2SP tiles (which have no height in their path) for tlog.TileHashReader.
type tiles struct{ folder string }

func (t tiles) Height() int                         { return 8 }
func (t tiles) SaveTiles(_ []tlog.Tile, _ [][]byte) {}
func (t tiles) ReadTiles(list []tlog.Tile) ([][]byte, error) {
	var all [][]byte
	for _, tile := range list {
		path := strings.TrimPrefix(tile.Path(), "tile/8/")
		data, err := os.ReadFile(filepath.Join(t.folder, "tile", path))
		if os.IsNotExist(err) && tile.W < 256 {
			full := tile
			full.W = 256
			path = strings.TrimPrefix(full.Path(), "tile/8/")
			data, err = os.ReadFile(filepath.Join(t.folder, "tile", path))
			if err == nil {
				data = data[:tile.W*tlog.HashSize]
			}
		}
		if err != nil {
			return nil, err
		}
		all = append(all, data)
	}
	return all, nil
}

// readEntries gives the exact bytes of all entries, in order.
func readEntries(folder string) [][]byte {
	names, err := filepath.Glob(filepath.Join(folder, "segments", "*.jsonl"))
	must(err, "segments")
	var entries [][]byte
	for _, name := range names {
		data, err := os.ReadFile(name)
		must(err, name)
		lines := bytes.Split(data, []byte("\n"))
		entries = append(entries, lines[:len(lines)-1]...)
	}
	return entries
}

// readLog gives the notes of checkpoint.log, five lines each.
func readLog(folder string) [][]byte {
	data, err := os.ReadFile(filepath.Join(folder, "checkpoint.log"))
	must(err, "checkpoint.log")
	lines := bytes.SplitAfter(data, []byte("\n"))
	var notes [][]byte
	for i := 0; i+5 <= len(lines)-1; i += 5 {
		notes = append(notes, bytes.Join(lines[i:i+5], nil))
	}
	return notes
}

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: verify_trail TRAIL VKEY")
		os.Exit(2)
	}
	folder := os.Args[1]
	key, err := os.ReadFile(os.Args[2])
	must(err, "vkey")
	verifier, err := note.NewVerifier(strings.TrimSpace(string(key)))
	must(err, "note.NewVerifier")
	verifiers := note.VerifierList(verifier)
	text, err := os.ReadFile(filepath.Join(folder, "checkpoint"))
	must(err, "checkpoint")
	size, root := openCheckpoint(text, verifiers)
	tree := tlog.Tree{N: size, Hash: root}
	reader := tlog.TileHashReader(tree, tiles{folder})

	entries := readEntries(folder)
	if int64(len(entries)) < size {
		must(fmt.Errorf("%d entries, %d signed", len(entries), size), "segments")
	}
	// Each entry against its leaf in the tiles, which the reader authenticates with the signed root.
	leaves := make([]int64, size)
	for index := range leaves {
		leaves[index] = tlog.StoredHashIndex(0, int64(index))
	}
	hashes, err := reader.ReadHashes(leaves)
	must(err, "tlog.TileHashReader")
	for index, hash := range hashes {
		if hash != tlog.RecordHash(entries[index]) {
			must(fmt.Errorf("entry %d is not the one that is signed", index), "segments")
		}
	}
	// Proofs for some: each takes a walk through the tree.
	included := 0
	for index := int64(0); index < size; index++ {
		if index >= 64 && index%37 != 0 && index < size-64 {
			continue
		}
		proof, err := tlog.ProveRecord(size, index, reader)
		must(err, "tlog.ProveRecord")
		must(tlog.CheckRecord(proof, size, root, index, tlog.RecordHash(entries[index])), "tlog.CheckRecord")
		included++
	}
	consistent := 0
	for _, older := range readLog(folder) {
		olderSize, olderRoot := openCheckpoint(older, verifiers)
		if olderSize == 0 {
			continue
		}
		proof, err := tlog.ProveTree(size, olderSize, reader)
		must(err, "tlog.ProveTree")
		must(tlog.CheckTree(proof, size, root, olderSize, olderRoot), "tlog.CheckTree")
		consistent++
	}
	fmt.Printf("%d entries signed; %d inclusion proofs, %d consistency proofs\n", size, included, consistent)
}
