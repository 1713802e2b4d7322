// The generator as its author's own C++ library has it: prints ten draws for each seed and stream.
// Compiled by test_pcg.c, where Debian's libpcg-cpp-dev is installed.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <pcg_random.hpp>

int main(int argc, char **argv)
{
	for (int i = 1; i + 1 < argc; i += 2) {
		pcg32 generator(std::strtoull(argv[i], nullptr, 10),
				std::strtoull(argv[i + 1], nullptr, 10));

		for (int draw = 0; draw < 10; draw++)
			std::printf("%u\n", static_cast<unsigned>(generator()));
	}
	return 0;
}
