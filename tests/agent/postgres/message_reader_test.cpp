#include "agent/postgres/message_reader.hpp"

#include <gtest/gtest.h>
#include <libpq-fe.h>

#include <cstdlib>
#include <thread>

#include "tests/support/agent_pair.hpp"
#include "tests/support/postgres_server.hpp"

namespace farshore::test {
namespace {

using namespace postgres;

// Over TCP with TLS as well as through a socket.
class MessageReaderTest : public testing::Test {
  protected:
    static void SetUpTestSuite() {
        const std::string port = std::to_string(free_port());
        setenv("PGPORT", port.c_str(), 1);
        PostgresSettings settings;
        settings.parameters = {{"listen_addresses", "127.0.0.1"}, {"port", port}};
        server_ = std::make_unique<PostgresServer>(settings);
        (void)server_->query(
            "postgres",
            "COPY (SELECT) TO PROGRAM 'openssl req -x509 -newkey rsa:2048 -nodes -days 2"
            " -subj /CN=localhost -keyout server.key -out server.crt 2>&1'");
        (void)server_->query("postgres", "ALTER SYSTEM SET ssl = on");
        (void)server_->query("postgres", "SELECT pg_reload_conf()");
        tls_ = "host=127.0.0.1 user=postgres dbname=postgres sslmode=require";
        ASSERT_TRUE(eventually([] {
            return PQping(tls_.c_str()) == PQPING_OK &&
                   server_->value("postgres", "SHOW ssl") == "on";
        }));
    }
    static void TearDownTestSuite() {
        server_.reset();
        unsetenv("PGPORT");
    }

    static std::vector<std::string> roads() { return {server_->conninfo("postgres"), tls_}; }

    static std::unique_ptr<PostgresServer> server_;
    static std::string tls_;
    WakeEvent stop_;
};

std::unique_ptr<PostgresServer> MessageReaderTest::server_;
std::string MessageReaderTest::tls_;

// The rest of the message, and the largest piece of it.
std::pair<std::string, std::size_t> rest_of(MessageReader& reader, const Connection& connection) {
    std::string all;
    std::size_t largest = 0;
    while (reader.unread_bytes() > 0) {
        const std::string_view bytes = reader.some();
        if (bytes.empty()) {
            (void)connection.wait_readable(Duration::from_ms(100));
        }
        all.append(bytes);
        largest = std::max(largest, bytes.size());
    }
    return {all, largest};
}

TEST_F(MessageReaderTest, HandsOutAMessageOfAnySizeInPieces) {
    for (const std::string& road : roads()) {
        Connection connection(road, stop_);
        MessageReader reader(connection);
        for (int again = 0; again < 3; ++again) {
            reader.send_query(
                "COPY (SELECT repeat('abcdefgh', 2500000) || i"
                " FROM generate_series(1, 2) i) TO STDOUT");
            EXPECT_EQ(reader.next().type, 'H');
            const ServerMessage first = reader.next();
            EXPECT_EQ(first.type, 'd');
            EXPECT_EQ(first.bytes, 20'000'002U);
            const auto [all, largest] = rest_of(reader, connection);
            EXPECT_EQ(all.size(), first.bytes);
            EXPECT_EQ(all.substr(19'999'992), "abcdefgh1\n");
            EXPECT_LE(largest, MessageReader::buffer_bytes);
            const ServerMessage second = reader.next();
            EXPECT_EQ(second.type, 'd');
            EXPECT_FALSE(reader.some().empty());
            EXPECT_EQ(reader.next().type, 'c');  // the rest was passed over
            EXPECT_EQ(reader.next().type, 'C');
            EXPECT_EQ(reader.whole(), std::string("COPY 2\0", 7));
            EXPECT_EQ(reader.next().type, 'Z');
        }
    }
}

TEST_F(MessageReaderTest, WaitsForNothingWhereItIsNotAskedTo) {
    for (const std::string& road : roads()) {
        Connection connection(road, stop_);
        MessageReader reader(connection);
        EXPECT_EQ(reader.poll(), std::nullopt);
        reader.send_query("SELECT pg_sleep(0.2), 'abc'");
        EXPECT_EQ(reader.poll(), std::nullopt);
        EXPECT_EQ(reader.next().type, 'T');
        const ServerMessage row = reader.next();
        EXPECT_EQ(row.type, 'D');
        EXPECT_EQ(reader.exactly(row.bytes).value().substr(row.bytes - 3), "abc");
    }
}

TEST_F(MessageReaderTest, SaysWhatTheServerSaysOfAnError) {
    for (const std::string& road : roads()) {
        Connection connection(road, stop_);
        MessageReader reader(connection);
        reader.send_query("SELECT 1 FROM no_such_table");
        try {
            (void)reader.next();
            ADD_FAILURE() << "no error";
        } catch (const Error& error) {
            EXPECT_EQ(error.code(), ErrorCode::ddl_pending);
            EXPECT_EQ(error.message(),
                      "the database says: ERROR:  relation \"no_such_table\" does not exist");
        }
    }
}

TEST_F(MessageReaderTest, EndsWithItsConnectionAndWhenItIsStopped) {
    for (const std::string& road : roads()) {
        Connection connection(road, stop_);
        const std::string pid(connection.execute("SELECT pg_backend_pid()").text(0, 0));
        MessageReader reader(connection);
        (void)server_->query("postgres", "SELECT pg_terminate_backend(" + pid + ", 5000)");
        const auto ends = [&] {
            try {
                (void)reader.next();
                return ErrorCode::internal;
            } catch (const Error& error) {
                return error.code();
            }
        };
        EXPECT_EQ(ends(), ErrorCode::database_unavailable);
        EXPECT_EQ(ends(), ErrorCode::database_unavailable);

        WakeEvent stop;
        Connection other(road, stop);
        MessageReader waiting(other);
        waiting.send_query("SELECT pg_sleep(60)");
        std::jthread stopper([&] { stop.set(); });
        EXPECT_THROW((void)waiting.next(), Error);
    }
}

}  // namespace
}  // namespace farshore::test
