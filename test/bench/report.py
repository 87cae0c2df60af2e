"""What the benchmarks have in common: rounds, medians, tables, charts, and where in a document they go."""
import statistics
import subprocess
import sys

median = statistics.median


def ratio(ours, theirs):
    """The median of the ratios within one round: times of different rounds depend on what else the machine does."""
    return median(mine / other for mine, other in zip(ours, theirs))


def rounds(count, name):
    """The numbers from 0, each shown while it lasts."""
    for number in range(count):
        print(f"\r{name} round {number + 1} of {count} ", end="", file=sys.stderr, flush=True)
        yield number
    print("\r" + " " * 40 + "\r", end="", file=sys.stderr, flush=True)


def table(head, rows):
    """Lines of Markdown."""
    lines = ["|" + "".join(f" {cell} |" if cell else " |" for cell in cells) for cells in [head, *rows]]
    return lines[:1] + ["|" + "---|" * len(head)] + lines[1:]


def met(is_met):
    return "" if is_met is None else "met" if is_met else "**not met**"


def write_between(document, name, lines):
    """Puts the lines between the two markers of that name."""
    begin, end = f"<!-- {name} -->", f"<!-- end of {name} -->"
    before, rest = document.read_text().split(begin)
    document.write_text(before + begin + "\n" + "\n".join(lines) + "\n" + end + rest.split(end)[1])


def plot(file, title, label, commands, data):
    """A chart by gnuplot: `commands` say how to draw the lines of `data`, which is $data to them."""
    script = f"""set terminal svg size 640,360 background "white"
set output "{file}"
set title "{title}"
set ylabel "{label}"
set grid y
set style fill solid 0.6
$data << EOD
{data}
EOD
{commands}
"""
    subprocess.run(["gnuplot"], input=script, text=True, check=True)
