#include <gtest/gtest.h>

#include "http/parse.h"
#include "http/test_corpus.h"

namespace kronborg::http {
namespace {

struct Decoded {
  std::string body;
  std::size_t consumed = 0;
  bool finished = false;
  bool failed = false;
};

/// Feeds `input` in pieces of `step` bytes.
Decoded decode(std::string_view input, std::size_t step) {
  Decoded out;
  ChunkedReader reader;
  while (out.consumed < input.size() && !out.finished) {
    auto piece = input.substr(out.consumed, step);
    while (!piece.empty() && !out.finished) {
      const auto result = reader.next(piece);
      if (!result) {
        out.failed = true;
        return out;
      }
      out.body += result->data;
      out.consumed += result->consumed;
      out.finished = result->finished;
      piece.remove_prefix(result->consumed);
    }
  }
  return out;
}

TEST(ChunkedReader, DecodesTheExamplesInPiecesOfEverySize) {
  const std::string input =
      "4\r\nWiki\r\n5;name=\"value\";x\r\npedia\r\n00E\r\n in \r\n\r\nchunks\r\n0\r\nExpires: "
      "never\r\nX:\r\n\r\nGET /";
  for (std::size_t step = 1; step <= input.size(); ++step) {
    const auto decoded = decode(input, step);
    ASSERT_FALSE(decoded.failed) << step;
    EXPECT_TRUE(decoded.finished) << step;
    EXPECT_EQ(decoded.body, "Wikipedia in \r\n\r\nchunks") << step;
    EXPECT_EQ(input.substr(decoded.consumed), "GET /") << step;
  }
}

TEST(ChunkedReader, RefusesEveryCaseOfTheCorpusInPiecesOfEachSize) {
  const auto lines = test::corpus_lines("refused_chunked.txt");
  ASSERT_GE(lines.size(), 45U);
  for (const auto& line : lines) {
    std::string_view escaped = line;
    const auto bytes = test::unescape(escaped);
    for (const std::size_t step : {1UZ, 2UZ, 7UZ, bytes.size()}) {
      const auto decoded = decode(bytes, step);
      EXPECT_TRUE(decoded.failed) << line << " in steps of " << step;
    }
  }
}

TEST(ChunkedReader, IsNotFinishedBeforeTheLastByte) {
  const std::string input = "3\r\nabc\r\n0\r\nA: b\r\n\r\n";
  for (std::size_t length = 0; length < input.size(); ++length) {
    const auto decoded = decode(input.substr(0, length), 1);
    EXPECT_FALSE(decoded.failed) << length;
    EXPECT_FALSE(decoded.finished) << length;
  }
}

TEST(ChunkedReader, DataPaysForExtensionsOnLongBodies) {
  // 64 KiB chunks with an extension of 90 bytes each, as signed uploads have: 100 MiB of them pass.
  const std::string chunk =
      "10000;chunk-signature=" + std::string(70, 'a') + "\r\n" + std::string(0x10000, 'x') + "\r\n";
  ChunkedReader reader;
  for (int i = 0; i < 1600; ++i) {
    std::string_view rest = chunk;
    while (!rest.empty()) {
      const auto step = reader.next(rest);
      ASSERT_TRUE(step);
      rest.remove_prefix(step->consumed);
    }
  }
  // Extensions alone do not: one byte of data per 1,000 of extension.
  ChunkedReader starved;
  const std::string sparse = "1;" + std::string(1000, 'a') + "\r\nx\r\n";
  int accepted = 0;
  for (bool alive = true; alive && accepted < 100; ++accepted) {
    std::string_view rest = sparse;
    while (alive && !rest.empty()) {
      const auto step = starved.next(rest);
      alive = step.has_value();
      if (alive) rest.remove_prefix(step->consumed);
    }
  }
  EXPECT_LT(accepted, 20);
}

}  // namespace
}  // namespace kronborg::http
