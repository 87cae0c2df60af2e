#include <faults/report.hpp>

#include <faults/stages.hpp>

#include <algorithm>
#include <functional>
#include <iomanip>
#include <iostream>
#include <map>

namespace faults {
namespace {

constexpr int row_width = 26;

const char* mark(const verdict& v)
{
    switch (v.what) {
    case verdict::kind::passed:
        return "ok";
    case verdict::kind::failed:
        return "FAIL";
    case verdict::kind::skipped:
        return "skip";
    }
    return "";
}

// Names and meanings, in the table's order.
std::vector<std::pair<std::string, std::string>> all_columns()
{
    std::vector<std::pair<std::string, std::string>> columns;
    for (const other_column& c : initializer_columns)
        columns.emplace_back(c.name, c.meaning);
    for (const stage& s : all_stages())
        columns.emplace_back(s.name, s.meaning);
    return columns;
}

void print_matrix(const std::vector<std::pair<const cell*, const verdict*>>& cells)
{
    std::vector<std::string> rows;
    std::map<std::string, std::map<std::string, const verdict*>> table;
    for (const auto& [c, v] : cells) {
        if (!table.contains(c->row))
            rows.push_back(c->row);
        table[c->row][c->column] = v;
    }
    const auto columns = all_columns();
    std::cout << "\nfaults x stages\n" << std::left << std::setw(row_width) << "";
    for (const auto& [name, meaning] : columns)
        std::cout << std::setw(7) << name;
    std::cout << '\n';
    for (const std::string& row : rows) {
        std::cout << std::setw(row_width) << row;
        for (const auto& [name, meaning] : columns) {
            const auto it = table[row].find(name);
            std::cout << std::setw(7) << (it == table[row].end() ? "" : mark(*it->second));
        }
        std::cout << '\n';
    }
    std::cout << '\n';
    for (const auto& [name, meaning] : columns)
        std::cout << "  " << std::setw(7) << name << meaning << '\n';
}

void print_slowest(const suite& all, const std::vector<std::size_t>& cells, const std::vector<verdict>& verdicts)
{
    constexpr std::size_t shown = 5;
    std::vector<std::size_t> order(cells.size());
    std::ranges::generate(order, [i = std::size_t{0}]() mutable { return i++; });
    std::ranges::sort(order, std::greater<>(), [&](std::size_t i) { return verdicts[i].time; });
    order.resize(std::min(order.size(), shown));
    std::cout << "\nthe slowest:";
    for (const std::size_t i : order)
        std::cout << (i == order.front() ? " " : ", ") << all[cells[i]].name() << ' ' << verdicts[i].time.count() << " ms";
    std::cout << '\n';
}

} // namespace

bool report(const suite& all, const std::vector<std::size_t>& cells, const std::vector<verdict>& verdicts,
            const std::vector<std::string>& problems, std::chrono::nanoseconds time)
{
    std::vector<std::string> groups;
    std::map<std::string, std::vector<std::pair<const cell*, const verdict*>>> by_group;
    std::map<verdict::kind, std::size_t> counts;
    for (std::size_t i = 0; i != cells.size(); ++i) {
        const cell& c = all[cells[i]];
        if (!by_group.contains(c.group))
            groups.push_back(c.group);
        by_group[c.group].emplace_back(&c, &verdicts[i]);
        ++counts[verdicts[i].what];
    }
    for (const std::string& group : groups) {
        if (group == "matrix") {
            print_matrix(by_group[group]);
            continue;
        }
        std::cout << '\n' << group << '\n';
        for (const auto& [c, v] : by_group[group])
            std::cout << "  " << std::left << std::setw(5) << mark(*v) << c->row
                      << (c->column.empty() ? "" : ": " + c->column)
                      << (v->what == verdict::kind::skipped ? " (" + v->text + ")" : "") << '\n';
    }
    for (std::size_t i = 0; i != cells.size(); ++i)
        if (verdicts[i].what == verdict::kind::failed)
            std::cout << "\nFAILED " << all[cells[i]].name() << '\n' << verdicts[i].text;
    for (const std::string& problem : problems)
        std::cout << "\nFAILED " << problem;
    print_slowest(all, cells, verdicts);
    std::cout << '\n'
              << cells.size() << " cells, " << counts[verdict::kind::failed] + problems.size() << " failed, "
              << counts[verdict::kind::skipped] << " skipped, in "
              << std::chrono::duration_cast<std::chrono::seconds>(time).count() << " s\n";
    return counts[verdict::kind::failed] == 0 && problems.empty();
}

} // namespace faults
