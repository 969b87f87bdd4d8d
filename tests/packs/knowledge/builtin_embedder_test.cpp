#include "packs/knowledge/engine/builtin_embedder.hpp"

#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <cmath>
#include <cstring>
#include <numeric>
#include <string>

namespace hearth::packs::knowledge {
namespace {

std::vector<float> vector_of(std::string_view text) {
  BuiltinEmbedder embedder;
  const std::array texts{text};
  return embedder.embed(texts, Purpose::document, {}).value();
}

double cosine(const std::vector<float>& a, const std::vector<float>& b) {
  return std::inner_product(a.begin(), a.end(), b.begin(), 0.0);
}
double likeness(std::string_view a, std::string_view b) {
  return cosine(vector_of(a), vector_of(b));
}

// Texts that have nothing to do with each other, of a few words to a few lines.
constexpr std::array unrelated_texts{
    "Sourdough bread\nMix flour, water and the starter, and let it rest over night. Fold the dough "
    "four times, shape it, and bake it in a closed pot at 240 degrees for forty minutes.",
    "Volcanoes of Iceland\nHot rock rises where two plates drift apart. Eruptions under glaciers "
    "melt the ice, and the floods carry boulders to the sea within hours.",
    "how do I cancel my gym membership",
    "Chess endings\nWith king and pawn against king the side that gains the opposition decides. "
    "Push the passed pawn only when your king stands in front of it.",
    "Violin strings\nGut sounds warm and goes out of tune in damp halls. Steel cores answer at "
    "once "
    "and last for months.",
    "The quarterly invoice for the Rotterdam warehouse was paid twice; ask accounting for a "
    "refund.",
    "std::vector<int> sorted = merge(left, right); return sorted.size() > limit ? nullptr : head;",
    "Beekeeping in spring\nCheck whether the queen lays. Give the colony a second box once seven "
    "frames are full, and look for swarm cells every nine days.",
    "marathon training plan for beginners",
    "Medieval law\nA lord could not seize land without the verdict of a court of equals. Fines "
    "were "
    "paid in cattle where coins were scarce.",
    "The patient reports dizziness after standing up; blood pressure falls by thirty points.",
    "Photosynthesis\nLeaves split water with light, keep the hydrogen and give the oxygen away.",
    "Please water the tomatoes on the balcony twice while we are in Portugal.",
    "kernel: out of memory: killed process 4711 (java) total-vm:8123456kB",
    "Solar panels\nA roof that faces south yields ten percent more than one facing west, but "
    "evening sun meets the hours when the kettle boils.",
    "tram line 12 is diverted on Sunday",
    "Impressionism\nPainters left the studio, put unmixed colours beside each other and caught the "
    "light of one moment on cheap canvas.",
    "SELECT region, SUM(amount) FROM sales GROUP BY region ORDER BY 2 DESC",
    "Whale song\nMales in one ocean sing the same phrases, and a new tune from the west spreads "
    "eastward within two winters.",
    "replace the chain before the sprockets wear",
    "Insurance covers burst pipes, but neither groundwater nor sewage unless that was added.",
    "Haiku count moras, not syllables, and turn on a cutting word.",
    "Orbital mechanics\nTo catch a station ahead of you, brake: the lower orbit is the faster one.",
    "gluten free pancakes with buckwheat",
    "Das Fundament muss vor dem ersten Frost gegossen werden, sonst reißt der Beton.",
    "La bibliothèque ferme à dix-huit heures pendant les vacances scolaires.",
    "Kindergarten enrolment starts in March; bring the vaccination card and proof of residence.",
    "Knitting patterns\nCast on sixty stitches, rib for five rows, and decrease at both edges.",
    "password reset mail never arrives",
    "Tide tables\nSpring tides follow full and new moon by a day or two; harbours with narrow "
    "mouths "
    "lag behind the open coast."};

TEST(BuiltinEmbedder, MakesOneVectorOfLengthOneAText) {
  BuiltinEmbedder embedder;
  const auto model = embedder.model();
  ASSERT_TRUE(model);
  EXPECT_EQ(model->name, "builtin-1");
  EXPECT_EQ(model->dimensions, 256U);
  EXPECT_EQ(embedder.source(), VectorSource::immediate);
  const auto vectors =
      embedder.embed(std::vector<std::string_view>(unrelated_texts.begin(), unrelated_texts.end()),
                     Purpose::query, {});
  ASSERT_TRUE(vectors);
  ASSERT_EQ(vectors->size(), unrelated_texts.size() * 256);
  for (std::size_t i = 0; i < unrelated_texts.size(); ++i) {
    const std::vector<float> one(vectors->begin() + static_cast<long>(i * 256),
                                 vectors->begin() + static_cast<long>(i * 256 + 256));
    EXPECT_NEAR(cosine(one, one), 1, 1e-5);
    EXPECT_EQ(one, vector_of(unrelated_texts[i])) << "it depends on its neighbours";
  }
  EXPECT_TRUE(embedder.embed({}, Purpose::query, {})->empty());
}

TEST(BuiltinEmbedder, UnrelatedTextsAreAsFarAsItSays) {
  std::vector<double> cosines;
  for (std::size_t i = 0; i < unrelated_texts.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j)
      cosines.push_back(likeness(unrelated_texts[i], unrelated_texts[j]));
  }
  const auto count = static_cast<double>(cosines.size());
  const double mean = std::accumulate(cosines.begin(), cosines.end(), 0.0) / count;
  double squares = 0;
  for (const double each : cosines) squares += (each - mean) * (each - mean);
  const double deviation = std::sqrt(squares / count);
  const EmbeddingModel model = BuiltinEmbedder().model().value();
  EXPECT_NEAR(model.unrelated_mean, mean, 0.005);
  EXPECT_NEAR(model.unrelated_deviation, deviation, 0.005);
}

struct Pair {
  const char* one;
  const char* other;
  double least;
};

TEST(BuiltinEmbedder, SeesWhatIsWrittenAlike) {
  for (const Pair& pair : {
           Pair{"knowledge", "knowlegde", 0.3},  // typos
           Pair{"embedding", "embeding", 0.4},
           Pair{"configuration", "configurations", 0.6},  // forms of a word
           Pair{"running tests", "run the test", 0.4},
           Pair{"policy", "policies", 0.4},
           Pair{"parseConfigFile", "parse_config_file", 0.8},  // identifiers
           Pair{"parseConfigFile", "parse config file", 0.8},
           Pair{"HTTPServer", "http server", 0.8},
           Pair{"fileSize", "the size of a file", 0.6},
           Pair{"the drain deadline of the daemon", "daemon drain deadline", 0.8},
           Pair{"Straßenverkehrsordnung", "Verkehrsordnung", 0.3},  // other languages
           Pair{"les bibliothèques", "bibliotheque", 0.5},
           Pair{"настройка сервера", "настройки серверов", 0.4},
           Pair{"東京都の図書館", "図書館", 0.4},
           Pair{"데이터베이스 연결", "데이터베이스", 0.5},
       })
    EXPECT_GE(likeness(pair.one, pair.other), pair.least) << pair.one << " / " << pair.other;
}

TEST(BuiltinEmbedder, PutsTheRightTextFirst) {
  struct Question {
    const char* query;
    std::size_t answer;  // in unrelated_texts
  };
  for (const Question& question : {
           Question{"bake bread in a pot", 0},
           Question{"volcanic eruption below ice", 1},
           Question{"cancelling gym memberships", 2},
           Question{"pawn endgames in chess", 3},
           Question{"strings for a violin", 4},
           Question{"rotterdam invoices", 5},
           Question{"merge sorted vectors", 6},
           Question{"bees swarming", 7},
           Question{"train for a marathon", 8},
           Question{"medieval courts", 9},
           Question{"blood presure", 10},
           Question{"oxygen from leaves", 11},
           Question{"OutOfMemory java process", 13},
           Question{"solar pannels on roofs", 14},
           Question{"sum of sales by region", 17},
           Question{"songs of whales", 18},
           Question{"orbit of a station", 22},
           Question{"Beton und Frost", 24},
           Question{"bibliotheque vacances", 25},
           Question{"resetting the password", 28},
       }) {
    std::size_t best = 0;
    double most = -2;
    for (std::size_t i = 0; i < unrelated_texts.size(); ++i) {
      const double like = likeness(question.query, unrelated_texts[i]);
      if (like > most) best = i;
      most = std::max(most, like);
    }
    EXPECT_EQ(best, question.answer) << question.query;
  }
}

TEST(BuiltinEmbedder, CountsTheTitleMore) {
  const std::string body = "\nSome lines on planting, watering, pruning and harvest";
  EXPECT_GT(likeness("apple trees", "Apple trees" + body + " for the garden."),
            likeness("apple trees", "For the garden" + body + " of apple trees."));
}

TEST(BuiltinEmbedder, CommonWordsHardlyCount) {
  EXPECT_GT(likeness("how is it with the drain", "drain"), 0.8);
  EXPECT_LT(likeness("what is the time of the tide", "what is the cost of the violin"), 0.3);
}

TEST(BuiltinEmbedder, ATextWithoutWordsHasAFixedVector) {
  const auto empty = vector_of("");
  EXPECT_NEAR(cosine(empty, empty), 1, 1e-5);
  for (const char* text : {"\n", "   ", "!?.,;:", "→ ✓ …\n---", "\xff\xfe"}) {
    EXPECT_FALSE(BuiltinEmbedder::has_words(text)) << text;
    EXPECT_EQ(vector_of(text), empty) << text;
  }
  EXPECT_TRUE(BuiltinEmbedder::has_words("--- x"));
  for (const char* text : unrelated_texts) EXPECT_LT(likeness("", text), 0.3);
}

TEST(BuiltinEmbedder, TakesAnyText) {
  std::string text;
  for (int i = 0; i < 3'000; ++i) text += static_cast<char>(i * 7919 % 256);
  EXPECT_NEAR(cosine(vector_of(text), vector_of(text)), 1, 1e-5);
  std::string large;
  for (int i = 0; i < 100'000; ++i) large += "word" + std::to_string(i) + ' ';
  EXPECT_NEAR(cosine(vector_of(large), vector_of(large)), 1, 1e-5);
  EXPECT_GT(likeness(std::string(10'000, 'x'), std::string(9'000, 'x')), 0.9);
}

TEST(BuiltinEmbedder, EndsWhenStopped) {
  std::stop_source source;
  source.request_stop();
  BuiltinEmbedder embedder;
  const std::array<std::string_view, 1> texts{"a"};
  EXPECT_EQ(embedder.embed(texts, Purpose::query, source.get_token()).error().code,
            Errc::cancelled);
}

// Equal on every machine and in every version that is called "builtin-1". Should this fail, the
// vectors that users have stored are no longer ours: give it back what it was, or the name a new
// number.
TEST(BuiltinEmbedder, NeverChangesUnderItsName) {
  std::uint64_t hash = 0xCBF29CE484222325;
  for (const char* text : unrelated_texts) {
    for (const float each : vector_of(text)) {
      std::uint32_t bits = 0;
      std::memcpy(&bits, &each, sizeof bits);
      hash = (hash ^ bits) * 0x100000001B3;
    }
  }
  EXPECT_EQ(hash, 5102545970690512182U);
}

TEST(BuiltinEmbedder, IsImmediate) {
  std::string text = "A title\n";
  for (std::size_t i = 0; text.size() < 2'048; ++i)
    text += std::string(unrelated_texts[i % unrelated_texts.size()]) + '\n';
  text.resize(2'048);
  const auto begun = std::chrono::steady_clock::now();
  constexpr int rounds = 200;
  for (int i = 0; i < rounds; ++i) (void)vector_of(text);
  const auto each = (std::chrono::steady_clock::now() - begun) / rounds;
  RecordProperty("microseconds", static_cast<int>(each / std::chrono::microseconds(1)));
  EXPECT_LT(each, std::chrono::milliseconds(20)) << "even under a sanitizer";
}

}  // namespace
}  // namespace hearth::packs::knowledge
