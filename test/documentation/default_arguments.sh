#!/bin/sh
# default_arguments.sh FOLDER: no header in it has an aggregate as a default argument. gcc 12 destroys such a one twice in a
# coroutine, so there are overloads instead.
set -eu
found=$(find "$1" -name '*.hpp' -exec grep -HnE '= *[A-Za-z_:<>]*(\{[^}]*\}|(options|report|list|request|item)\(\)) *[,)]' {} +) || true
if [ -n "$found" ]; then
    echo "a default argument in braces; write an overload:"
    echo "$found"
    exit 1
fi
echo "$(find "$1" -name '*.hpp' | wc -l) headers"
