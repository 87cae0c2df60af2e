// Answers that are not quite HTTP, or not quite a file: what tandem-get makes of them is decided row by row in
// doc/answers.md, beside what curl does, which was tried with the same bytes.
#include "tandem_get/hostile.hpp"

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <fstream>
#include <set>

using namespace test;

BOOST_AUTO_TEST_SUITE(tolerance)

namespace {

std::string repeated(const std::string& text, int count)
{
    std::string result;
    for (int i = 0; i != count; ++i) {
        result += text;
    }
    return result;
}

const std::string five = "Content-Length: 5\r\n";
const std::string in_a_chunk = "5\r\nhello\r\n0\r\n\r\n";

row taken(const std::string& name, const std::string& bytes, const std::string& file = "hello")
{
    return {name, answer_once(bytes), 0, {{"file", file}}};
}

row refused(const std::string& name, const std::string& bytes, const std::string& says)
{
    return {name, answer_once(bytes), 1, {}, {says}};
}

std::string with_status(const std::string& status, const std::string& fields, const std::string& rest)
{
    return "HTTP/1.1 " + status + "\r\n" + fields + "\r\n" + rest;
}

const std::string no_http = "not valid HTTP";

const std::vector<row> rows = {
    // Before the answer.
    taken("17 interim answers", repeated("HTTP/1.1 102 Processing\r\n\r\n", 17) + complete("hello")),
    taken("1,000 interim answers", repeated("HTTP/1.1 102 Processing\r\n\r\n", 1000) + complete("hello")),
    {"interim answers without end",
     answer_endlessly("", "HTTP/1.1 102 Processing\r\n\r\n"),
     1,
     {},
     {"interim answers (102) without end"}},
    refused("101 Switching Protocols, unasked",
            with_status("101 Switching Protocols", "Upgrade: x\r\nConnection: Upgrade\r\n", "hello"),
            "switching protocols, unasked"),
    refused("an empty line before the answer", "\r\n" + complete("hello"), no_http),
    refused("HTTP/0.9", "<html>hello</html>", no_http),
    // The status line and the fields.
    taken("no reason", with_status("200 ", five, "hello")),
    taken("no reason, and no blank before it", with_status("200", five, "hello")),
    taken("the same of an interim answer", "HTTP/1.1 100\r\n\r\nHTTP/1.1 200\r\n" + five + "\r\nhello"),
    refused("lines that end in LF alone", "HTTP/1.1 200 OK\nContent-Length: 5\n\nhello", no_http),
    refused("a field without a colon", answer("no colon\r\n" + five, "hello"), no_http),
    refused("a blank before a field's colon", answer("Content-Length : 5\r\n", "hello"), no_http),
    refused("NUL in a field", answer(std::string("X: a\0b\r\n", 8) + five, "hello"), no_http),
    taken("a field of two lines", answer("X: a\r\n b\r\n" + five, "hello")),
    refused("a header of 70 kB", answer("X: " + std::string(70'000, 'x') + "\r\n" + five, "hello"), "over 64 KiB"),
    // How the body is framed.
    taken("Transfer-Encoding: identity, then a length", answer("Transfer-Encoding: identity\r\n" + five, "hello")),
    taken("a length, then Transfer-Encoding: identity", answer(five + "Transfer-Encoding: identity\r\n", "hello")),
    taken("Transfer-Encoding: identity, no length", answer("Transfer-Encoding: identity\r\n", "hello")),
    taken("Transfer-Encoding: identity, chunked", answer("Transfer-Encoding: identity, chunked\r\n", in_a_chunk)),
    taken("Transfer-Encoding: chunked, and another: identity",
          answer("Transfer-Encoding: chunked\r\ntransfer-encoding: Identity\r\n", in_a_chunk)),
    taken("Transfer-Encoding of nothing", answer("Transfer-Encoding:\r\n" + five, "hello")),
    refused("Transfer-Encoding: chunked, identity", answer("Transfer-Encoding: chunked, identity\r\n", in_a_chunk),
            "Transfer-Encoding: chunked, identity"),
    refused("Transfer-Encoding: gzip, chunked", answer("Transfer-Encoding: gzip, chunked\r\n", in_a_chunk),
            "Transfer-Encoding: gzip, chunked"),
    refused("Transfer-Encoding of an unknown name", answer("Transfer-Encoding: xchunked\r\n", in_a_chunk),
            "Transfer-Encoding: xchunked"),
    refused("Transfer-Encoding: chunked, twice",
            answer("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", in_a_chunk), no_http),
    refused("a length and chunks", answer(five + "Transfer-Encoding: chunked\r\n", in_a_chunk), no_http),
    taken("Transfer-Encoding: chunked of HTTP/1.0",
          "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + in_a_chunk),
    refused("two lengths that differ", answer("Content-Length: 3\r\n" + five, "hello"), no_http),
    taken("a length twice", answer(five + five, "hello")),
    taken("a length twice in one field", answer("Content-Length: 5, 5\r\n", "hello")),
    refused("a negative length", answer("Content-Length: -5\r\n", "hello"), no_http),
    // Chunks.
    taken("blanks behind a chunk's size", chunked("5   \r\nhello\r\n0 \t\r\n\r\n")),
    taken("blanks in a chunk's extension", chunked("5 ; a = b ; c \r\nhello\r\n0 ; x \r\n\r\n")),
    taken("a chunk's extension that is none", chunked("5;\r\nhello\r\n0;;=\r\n\r\n")),
    refused("a blank before a chunk's size", chunked(" 5\r\nhello\r\n0\r\n\r\n"), no_http),
    refused("chunks whose lines end in LF alone", chunked("5\nhello\n0\n\n"), "http"),
    refused("LF within a chunk's extension", chunked("5;a\nb\r\nhello\r\n0\r\n\r\n"), no_http),
    // How much comes.
    refused("less than the length", answer("Content-Length: 10\r\n", "hello"), "before the body was complete"),
    refused("no last chunk", chunked("5\r\nhello\r\n"), "before the body was complete"),
    refused("more than the length", answer("Content-Length: 3\r\n", "hello"), "more than it promised"),
    refused("more than the last chunk", chunked(in_a_chunk + "more"), "more than it promised"),
    // What the status says.
    taken("201 Created", with_status("201 Created", five, "hello")),
    refused("202 Accepted", with_status("202 Accepted", five, "later"), "202 Accepted: "),
    taken("203 Non-Authoritative Information", with_status("203 Non-Authoritative Information", five, "hello")),
    refused("204 No Content", with_status("204 No Content", "", ""), "204 No Content: "),
    refused("204 No Content, and a body all the same", with_status("204 No Content", "", "a body"), "204 No Content: "),
    refused("205 Reset Content", with_status("205 Reset Content", "Content-Length: 0\r\n", ""), "205 Reset Content: "),
    refused("206 Partial Content, unasked",
            with_status("206 Partial Content", "Content-Range: bytes 0-4/10\r\n" + five, "hello"),
            "206 Partial Content: "),
    refused("300 Multiple Choices, with a Location",
            with_status("300 Multiple Choices", "Location: /x\r\nContent-Length: 0\r\n", ""), "300 Multiple Choices: "),
    refused("302 Found, without a Location", with_status("302 Found", five, "moved"), "without saying where to"),
    refused("304 Not Modified, unasked", with_status("304 Not Modified", "", ""), "304 Not Modified: "),
    refused("a status that is none", with_status("999 What", five, "hello"), "999 What: "),
    refused("a status below 100", with_status("099 What", five, "hello"), no_http),
};

} // namespace

BOOST_DATA_TEST_CASE(each, boost::unit_test::data::make(rows), r)
{
    check_row(r);
}

BOOST_AUTO_TEST_CASE(the_document_has_each_row_and_no_other)
{
    std::ifstream document(ANSWERS_DOCUMENT);
    BOOST_TEST_REQUIRE(document.is_open(), ANSWERS_DOCUMENT);
    std::set<std::string> written;
    bool in_table = false;
    for (std::string line; std::getline(document, line);) {
        in_table = line.starts_with("| the server") || (in_table && line.starts_with('|'));
        if (in_table && !line.starts_with("| the server") && !line.starts_with("|--")) {
            written.insert(line.substr(2, line.find(" | ") - 2));
        }
    }
    std::set<std::string> tried;
    for (const row& one : rows) {
        tried.insert(one.name);
    }
    BOOST_TEST(written == tried, boost::test_tools::per_element());
}

// What it is, it may be the next time.
BOOST_AUTO_TEST_CASE(accepted_is_asked_for_again)
{
    const sandbox box;
    const scripted_server server(
        answer_in_turn({with_status("202 Accepted", "Retry-After: 1\r\n" + five, "later"), complete("the file")}));
    box.check_ended(box.get({"--retries", "2", "--retry-delay", "0.01", server.url("/file")}), 0, {"1 retry"});
    box.check_there({{"file", "the file"}});
}

// What does not belong to an answer without a body is not the next one.
BOOST_AUTO_TEST_CASE(what_follows_204_is_not_the_next_answer)
{
    const sandbox box;
    const scripted_server server([](peer& client) {
        for (std::string request; !(request = client.read_request()).empty();) {
            client.send(request.starts_with("GET /nothing ") ? with_status("204 No Content", "", complete("smuggled"))
                                                             : complete("the file"));
        }
    });
    write_file(box.own() / "list", server.url("/nothing") + '\n' + server.url("/file") + '\n');
    box.check_ended(box.get({"-i", (box.own() / "list").string(), "-p", "1"}), 1, {"204 No Content"});
    box.check_there({{"file", "the file"}});
    BOOST_TEST(server.connections() == 2);
}

BOOST_AUTO_TEST_SUITE_END()
