// replay FILE...: replays recordings that a pool wrote where TANDEM_RECORD asked for them. Tells the first difference of each.
#include <schedule/replay.hpp>

#include <fstream>
#include <iostream>
#include <iterator>
#include <string>

int main(int argc, char** argv)
{
    if (argc < 2) {
        std::cerr << "replay FILE...\n";
        return 2;
    }
    int status = 0;
    for (int i = 1; i != argc; ++i) {
        std::ifstream file(argv[i], std::ios::binary);
        const std::string text{std::istreambuf_iterator<char>(file), {}};
        if (!file) {
            std::cerr << argv[i] << ": cannot be read\n";
            status = 2;
            continue;
        }
        const auto done = tandem::schedule::replay(text);
        std::cout << argv[i] << ": " << done.events << " events, " << done.actions << " actions and results"
                  << (done.is_whole || done.first ? "" : "; it has no end") << '\n';
        if (done.first) {
            std::cout << *done.first;
            status = 1;
        }
    }
    return status;
}
