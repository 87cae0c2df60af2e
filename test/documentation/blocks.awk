# Reads the ```cpp blocks of one Markdown document. Each is a program, which has `int main`, or an excerpt, which the line
# before the fence says: <!-- from PATH -->. A third kind is an error.
#
#   awk -v out=FOLDER -f blocks.awk DOCUMENT    writes each program to FOLDER as STEM_NUMBER.cpp
#   awk -v root=FOLDER -f blocks.awk DOCUMENT   fails where an excerpt's lines are not, in their order, in FOLDER/PATH;
#                                               a line `// ...` stands for lines left out

function complain(line, text)
{
    printf "%s:%d: %s\n", FILENAME, line, text
    wrong = 1
}

function check_excerpt(path, line, found, text, i, where)
{
    where = 0
    for (i = 1; i <= count; ++i) {
        if (block[i] ~ /^[ \t]*$/ || block[i] ~ /^[ \t]*\/\/ \.\.\.$/)
            continue
        found = 0
        while ((getline text < path) > 0)
            if (text == block[i]) {
                found = 1
                break
            }
        if (!found) {
            complain(fence + i, "not in " path ", or not after the lines before it: " block[i])
            break
        }
        ++where
    }
    close(path)
    if (count == 0 || where == 0)
        complain(fence, "an excerpt of nothing")
    ++excerpts
}

function write_program(name, i)
{
    name = FILENAME
    sub(/.*\//, "", name)
    sub(/\.md$/, "", name)
    name = out "/" tolower(name) "_" programs ".cpp"
    print "// " FILENAME ", line " fence + 1 > name # no #line: gcc takes it for a header then, and warns of lambdas
    for (i = 1; i <= count; ++i)
        print block[i] > name
    close(name)
}

function end_of_block(i, is_program, path)
{
    is_program = 0
    for (i = 1; i <= count; ++i)
        if (block[i] ~ /^int main\(/)
            is_program = 1
    path = before
    if (sub(/^<!-- from /, "", path) && sub(/ -->$/, "", path)) {
        if (root)
            check_excerpt(root "/" path)
    } else if (!is_program) {
        complain(fence, "a block that is neither a program nor marked as an excerpt")
    } else {
        ++programs
        if (out)
            write_program()
    }
}

!inside && /^[ \t]*```cpp[ \t]*$/ { inside = 1; count = 0; fence = FNR; next }
inside && /^[ \t]*```[ \t]*$/ { inside = 0; end_of_block(); before = ""; next }
inside { block[++count] = $0; next }
{ before = $0 }

END {
    if (inside)
        complain(fence, "a block without an end")
    if (root)
        printf "%s: %d programs, %d excerpts\n", FILENAME, programs, excerpts
    exit wrong
}
