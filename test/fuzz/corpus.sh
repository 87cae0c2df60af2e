#!/bin/sh
# The corpus of a fuzz target: an archive of what fuzzers found, TARGET.tar.gz, and beside it the named regressions as text,
# TARGET/NAME.hex, whose first lines say what each is.
#   corpus.sh unpack TARGET FOLDER   writes both into FOLDER, a file an input
#   corpus.sh pack TARGET FOLDER     makes the archive again of what is in FOLDER, but for the regressions
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)/corpus
command=$1 target=$2 folder=$3

case $command in
unpack)
    rm -rf "$folder"
    mkdir -p "$folder"
    tar -xzf "$here/$target.tar.gz" -C "$folder"
    for text in "$here/$target"/*.hex; do
        [ -f "$text" ] || continue
        bytes=$(sed 's/#.*//' "$text" | tr -d ' \n' | sed 's/../\\x&/g')
        env printf "$bytes" >"$folder/regress-$(basename "$text" .hex)"
    done
    ;;
pack)
    archive=$here/$target.tar.gz
    (cd "$folder" && find . -type f ! -name 'regress-*' -printf '%P\n' | LC_ALL=C sort |
        tar -c --owner=0 --group=0 --numeric-owner --mode=644 --mtime=@0 -T -) | gzip -9n >"$archive"
    ;;
*)
    echo "corpus.sh: unpack or pack, not $command" >&2
    exit 2
    ;;
esac
