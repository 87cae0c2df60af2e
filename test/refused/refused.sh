#!/bin/sh
# refused.sh SOURCE... -- COMPILER OPTION...: compiles the sources as one, and reads what the compiler says. In a source,
#
#     // refused: SENTENCE
#     // refused: SENTENCE | TYPE
#
# begins a case, which ends where the next one begins. Its first error must have the sentence, what is said with it match
# the regular expression TYPE, no further error follow, and all of it be short.
set -eu
sources=
while [ "$1" != -- ]; do
    sources="$sources $1"
    shift
done
shift
case $("$1" --version) in
    *clang*) set -- "$@" -ferror-limit=0 ;;
    *) set -- "$@" -fmax-errors=0 ;;
esac
said=$(mktemp)
trap 'rm -f "$said"' EXIT
status=0
for source in $sources; do printf '#include "%s"\n' "$source"; done |
    LC_ALL=C "$@" -std=c++20 -fsyntax-only -fno-diagnostics-color -x c++ - > "$said" 2>&1 || status=$?
# shellcheck disable=SC2086
awk -v status="$status" '
    function flush(   i) {
        for (i = 1; i <= pending; ++i)
            add(waiting[i])
        pending = 0
    }
    # A line that belongs to the error before it, or with which one begins. The outermost place is named last.
    function add(line,   parts, i) {
        text[errors] = text[errors] line "\n"
        ++lines[errors]
        if (line ~ /error:|required from|required by|requested here|required here|skipping/ && split(line, parts, ":") > 2)
            for (i in marks)
                if (parts[1] == sources[i]) {
                    file[errors] = parts[1]
                    place[errors] = parts[2] + 0
                    break
                }
    }
    FILENAME == ARGV[ARGC - 1] {
        if (/error:/) {
            first_line[++errors] = $0
            flush()
            add($0)
        } else if (/^In file included from|^ +from |: In |: At global scope|required from|required by|required for|skipping/) {
            waiting[++pending] = $0
        } else {
            flush()
            add($0)
        }
        next
    }
    FNR == 1 { sources[++source_count] = FILENAME; marks[source_count] }
    sub(/^ *\/\/ refused: /, "") {
        ++cases
        split($0, fields, " [|] ")
        case_file[cases] = FILENAME
        case_line[cases] = FNR
        sentence[cases] = fields[1]
        type[cases] = fields[2]
    }
    END {
        flush()
        for (e = 1; e <= errors; ++e) {
            owner = 0
            for (c = 1; c <= cases; ++c)
                if (case_file[c] == file[e] && case_line[c] < place[e])
                    owner = c
            if (!owner) {
                print "an error in no case:\n" text[e]
                failed = 1
                continue
            }
            ++count[owner]
            length_of[owner] += lines[e]
            all[owner] = all[owner] text[e]
            if (count[owner] == 1)
                begin[owner] = first_line[e]
        }
        for (c = 1; c <= cases; ++c) {
            complaint = ""
            if (!count[c])
                complaint = "no error"
            else if (!index(begin[c], sentence[c]))
                complaint = "the first error does not say so"
            else if (count[c] != 1)
                complaint = count[c] " errors"
            else if (length_of[c] > 50)
                complaint = length_of[c] " lines"
            else if (type[c] != "" && all[c] !~ type[c])
                complaint = "nothing matches " type[c]
            if (complaint != "") {
                printf "%s:%d: \"%s\": %s\n%s\n", case_file[c], case_line[c], sentence[c], complaint, all[c]
                failed = 1
            }
            total += length_of[c]
            if (length_of[c] > longest)
                longest = length_of[c]
        }
        printf "%d cases, %d errors, %d lines, at most %d for a case\n", cases, errors, total, longest
        exit failed || cases == 0 || status == 0
    }' $sources "$said"
