#include "agent/primary/postgres/schema_dump.hpp"

#include <vector>

#include "agent/primary/postgres/object_names.hpp"
#include "protocol/error.hpp"
#include "protocol/limits.hpp"

namespace farshore::primary {

namespace {

// ACCESS SHARE on every table: only waits for DDL that is under way.
constexpr const char* lock_wait = "--lock-wait-timeout=10000";

bool is_ours(std::string_view entry) {
    const std::string trigger = " EVENT TRIGGER - " + std::string(trigger_prefix);
    const std::string comment = " COMMENT - EVENT TRIGGER " + std::string(trigger_prefix);
    return entry.find(trigger) != std::string_view::npos ||
           entry.find(comment) != std::string_view::npos;
}

}  // namespace

SchemaDump::SchemaDump(const std::string& conninfo, const std::string& snapshot,
                       const postgres::WakeEvent& stop)
    : stop_descriptor_(stop.descriptor()), archive_("schema"), entries_("entries") {
    runtime::ChildSettings settings;
    // Not --schema-only: the refreshing of materialized views would be missing.
    settings.arguments = {"pg_dump",
                          "--dbname=" + conninfo,
                          "--no-password",
                          "--format=custom",
                          "--compress=0",
                          "--section=pre-data",
                          "--section=post-data",
                          "--snapshot=" + snapshot,
                          "--exclude-schema=" + std::string(own_schema),
                          "--no-publications",
                          "--no-subscriptions",
                          lock_wait};
    settings.output = &archive_;
    settings.stop_descriptor = stop_descriptor_;
    runtime::ChildProcess dump(settings);
    dump.finish(ErrorCode::database_refused);
    choose_entries();
}

void SchemaDump::choose_entries() {
    runtime::ChildSettings settings;
    settings.arguments = {"pg_restore", "--list", archive_.path()};
    settings.inherited = {&archive_};
    settings.stop_descriptor = stop_descriptor_;
    runtime::ChildProcess list(settings);
    std::vector<char> buffer(limits::payload_piece);
    std::string text;
    while (const std::size_t count = list.read(buffer)) {
        text.append(buffer.data(), count);
    }
    list.finish(ErrorCode::database_refused);
    std::string_view rest = text;
    while (!rest.empty()) {
        const std::size_t end = std::min(rest.find('\n'), rest.size() - 1) + 1;
        if (!is_ours(rest.substr(0, end))) {
            entries_.write(rest.substr(0, end));
        }
        rest.remove_prefix(end);
    }
}

Digest SchemaDump::digest() const {
    Sha256 digest;
    for (const SchemaSection section : {SchemaSection::pre_data, SchemaSection::post_data}) {
        std::string text;
        read(section, [&](std::string_view piece) { text.append(piece); });
        std::string_view rest = text;
        while (!rest.empty()) {
            const std::size_t end = std::min(rest.find('\n'), rest.size() - 1) + 1;
            // pg_restore guards its text with a random word.
            const bool is_guard =
                rest.starts_with("\\restrict ") || rest.starts_with("\\unrestrict ");
            if (!is_guard) {
                digest.update(rest.substr(0, end));
            }
            rest.remove_prefix(end);
        }
    }
    return digest.finish();
}

void SchemaDump::read(SchemaSection section,
                      const std::function<void(std::string_view)>& each) const {
    runtime::ChildSettings settings;
    settings.arguments = {
        "pg_restore",
        section == SchemaSection::pre_data ? "--section=pre-data" : "--section=post-data",
        "--no-tablespaces",
        "--use-list=" + entries_.path(),
        "--file=-",
        archive_.path()};
    settings.inherited = {&archive_, &entries_};
    settings.stop_descriptor = stop_descriptor_;
    runtime::ChildProcess restore(settings);
    std::vector<char> buffer(limits::payload_piece);
    while (const std::size_t count = restore.read(buffer)) {
        each({buffer.data(), count});
    }
    restore.finish(ErrorCode::database_refused);
}

}  // namespace farshore::primary
