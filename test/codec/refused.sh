#!/bin/sh
# refused.sh SOURCE COMPILER OPTION...: compiles SOURCE, which says in comments what the compiler must say: one error for
# each case, with its sentence and its type, and no other.
set -eu
source=$1
shift
said=$(mktemp)
trap 'rm -f "$said"' EXIT
case $("$1" --version) in
    *clang*) set -- "$@" -ferror-limit=0 ;;
esac
if LC_ALL=C "$@" -std=c++20 -fsyntax-only "$source" > "$said" 2>&1; then
    echo "$source compiles"
    exit 1
fi
sed -n 's|.*// refused: ||p' "$source" | awk -F ' [|] ' -v said="$said" '
    BEGIN {
        while ((getline line < said) > 0) {
            output[++lines] = line
            if (line ~ /error:/)
                ++errors
        }
    }
    { # the sentence a number of times, and the type
        ++cases
        ++wanted[$1]
        named = 0
        for (i = 1; i <= lines; ++i)
            named += (output[i] ~ $2)
        if (!named) {
            print "no error names " $2
            failed = 1
        }
    }
    END {
        for (sentence in wanted) {
            found = 0
            for (i = 1; i <= lines; ++i)
                found += (output[i] ~ /error:/ && index(output[i], sentence))
            if (found != wanted[sentence]) {
                print wanted[sentence] " errors should say \"" sentence "\", and " found " do"
                failed = 1
            }
        }
        print cases " cases, " errors " errors"
        if (failed || cases == 0 || cases != errors) {
            for (i = 1; i <= lines; ++i)
                print output[i]
            exit 1
        }
    }'
