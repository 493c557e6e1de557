#include "agent/primary/postgres/replication_connection.hpp"

#include <gtest/gtest.h>

#include <optional>

#include "protocol/limits.hpp"
#include "protocol/pgoutput.hpp"
#include "tests/support/agent_pair.hpp"
#include "tests/support/postgres_server.hpp"

namespace farshore::test {
namespace {

using primary::ReplicationConnection;
using primary::ReplicationEvent;

class ReplicationConnectionTest : public testing::Test {
  protected:
    ReplicationConnectionTest() {
        (void)server_.query("postgres",
                            "CREATE TABLE item (id int PRIMARY KEY, body text);"
                            "CREATE PUBLICATION pub FOR TABLE item");
        connection_.emplace(server_.conninfo("postgres"), stop_);
        from_ = connection_->create_slot("slot").consistent;
    }

    // The next change, as far as it is handed out at once.
    ReplicationEvent next_change(ReplicationConnection& connection) {
        ReplicationEvent event;
        EXPECT_TRUE(eventually([&] {
            event = connection.receive();
            return event.kind == ReplicationEvent::Kind::change;
        }));
        return event;
    }

    PostgresServer server_;
    postgres::WakeEvent stop_;
    std::optional<ReplicationConnection> connection_;
    Lsn from_;
};

TEST_F(ReplicationConnectionTest, StartsOnceTheSlotIsFree) {
    connection_->start("slot", "pub", from_);
    ReplicationConnection other(server_.conninfo("postgres"), stop_);
    for (int attempt = 0; attempt < 2; ++attempt) {
        try {
            other.start("slot", "pub", from_);
            ADD_FAILURE() << "no error";
        } catch (const Error& error) {
            EXPECT_NE(error.message().find("is active"), std::string::npos) << error.message();
        }
    }
    connection_.reset();
    EXPECT_TRUE(eventually([&] {
        try {
            other.start("slot", "pub", from_);
            return true;
        } catch (const Error&) {
            return false;
        }
    }));
    (void)server_.query("postgres", "INSERT INTO item VALUES (1, 'a')");
    EXPECT_EQ(next_change(other).message.front(), pgoutput::begin_tag);
}

TEST_F(ReplicationConnectionTest, ARowOfAnySizeComesInPieces) {
    connection_->start("slot", "pub", from_);
    (void)server_.query("postgres",
                        "INSERT INTO item VALUES (1, 'small'), (2, repeat('abcdefgh', 2000000)),"
                        " (3, 'small too')");
    std::string tags;
    std::string large;
    while (tags.find('C') == std::string::npos) {
        const ReplicationEvent event = next_change(*connection_);
        tags.push_back(event.message.front());
        EXPECT_LE(event.message.size(), limits::payload_piece);
        if (event.missing_bytes == 0) {
            EXPECT_TRUE(pgoutput::decode(event.message)) << tags;
            continue;
        }
        std::size_t missing = event.missing_bytes;
        large = event.message;
        EXPECT_TRUE(eventually([&] {
            for (auto bytes = connection_->more(); !bytes.empty(); bytes = connection_->more()) {
                EXPECT_LE(bytes.size(), postgres::MessageReader::buffer_bytes);
                missing -= bytes.size();
                large.append(bytes);
            }
            return missing == 0;
        }));
    }
    EXPECT_EQ(tags, "BRIIIC");
    const auto message = pgoutput::decode(large);
    ASSERT_TRUE(message);
    const auto& row = std::get<pgoutput::Insert>(message.value()).row;
    EXPECT_EQ(row.at(1).bytes.size(), 16'000'000U);
    EXPECT_TRUE(row.at(1).bytes.ends_with("abcdefgh"));
}

}  // namespace
}  // namespace farshore::test
