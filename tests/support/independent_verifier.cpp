#include "tests/support/independent_verifier.hpp"

#include <boost/json.hpp>
#include <filesystem>
#include <stdexcept>

#include "storage/evidence/trust_file.hpp"
#include "tests/support/process.hpp"

namespace farshore::test {

namespace json = boost::json;
namespace fs = std::filesystem;

namespace {

std::optional<std::int64_t> whole_or_null(const json::value& value) {
    return value.is_null() ? std::nullopt : std::optional(value.to_number<std::int64_t>());
}

// As `aws s3api list-object-versions` says it.
std::string versions_of(const MemoryStore& store) {
    json::array versions;
    json::array deletions;
    for (const auto& [key, bytes] : store.objects) {
        versions.push_back({{"Key", "p/" + key}, {"LastModified", "2026-11-22T18:00:00Z"}});
    }
    for (const storage::Overlaid& over : store.overlaid) {
        json::array& list = over.what.starts_with("a delete") ? deletions : versions;
        list.push_back({{"Key", "p/" + over.key}, {"LastModified", "2026-11-23T18:00:00Z"}});
    }
    return json::serialize(
        json::object{{"Prefix", "p/"}, {"Versions", versions}, {"DeleteMarkers", deletions}});
}

IndependentResult read_result(const json::value& line) {
    IndependentResult result;
    for (const json::value& finding : line.at("findings").as_array()) {
        result.findings.push_back({std::string(finding.at("kind").as_string()),
                                   std::string(finding.at("place").as_string())});
    }
    for (const json::value& minute : line.at("minutes").as_array()) {
        const json::array& of = minute.as_array();
        result.minutes.push_back({of.at(0).to_number<std::int64_t>(), whole_or_null(of.at(1)),
                                  whole_or_null(of.at(2)), whole_or_null(of.at(3))});
    }
    return result;
}

}  // namespace

void IndependentVerifier::write(const MemoryStore& store, const std::string& directory) {
    fs::create_directories(directory);
    for (const auto& [key, bytes] : store.objects) {
        const fs::path path = fs::path(directory) / key;
        fs::create_directories(path.parent_path());
        write_whole(path.string(), bytes);
    }
}

void IndependentVerifier::add(const MemoryStore& store, const TrustSet& trust,
                              const std::string& until, const MemoryStore* witness) {
    const std::string place = directory_ / std::to_string(wanted_.size());
    write(store, place + "/store");
    write_whole(place + "/trust.toml", storage::write_trust_file(trust));
    json::object line{{"store", place + "/store"}, {"trust", place + "/trust.toml"}};
    if (witness != nullptr) {
        write(*witness, place + "/witness");
        line["witness"] = place + "/witness";
    }
    if (!store.overlaid.empty()) {
        write_whole(place + "/versions.json", versions_of(store));
        line["versions"] = place + "/versions.json";
    }
    if (!until.empty()) {
        line["until"] = until;
    }
    wanted_.push_back(json::serialize(line));
}

std::vector<IndependentResult> IndependentVerifier::run() {
    std::string input;
    for (const std::string& line : wanted_) {
        input += line + "\n";
    }
    write_whole(directory_ / "wanted", input);
    const Outcome outcome =
        test::run({"/bin/sh", "-c", "/usr/bin/python3 \"$0\" < \"$1\"",
                   FARSHORE_SOURCE_ROOT "/tests/support/verify_many.py", directory_ / "wanted"},
                  {}, std::chrono::seconds(240));
    if (outcome.status != 0) {
        throw std::runtime_error("farshore-verify.py: " + outcome.err);
    }
    std::vector<IndependentResult> results;
    std::string_view rest = outcome.out;
    while (!rest.empty()) {
        const std::size_t end = rest.find('\n');
        results.push_back(read_result(json::parse(rest.substr(0, end))));
        rest.remove_prefix(end + 1);
    }
    return results;
}

}  // namespace farshore::test
