#include "agent/postgres/connection.hpp"

#include <gtest/gtest.h>
#include <libpq-fe.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <memory>
#include <thread>

#include "agent/postgres/sql_error.hpp"
#include "tests/support/postgres_server.hpp"

namespace farshore::test {
namespace {

using namespace postgres;

class ConnectionTest : public testing::Test {
  protected:
    static void SetUpTestSuite() { server_ = std::make_unique<PostgresServer>(); }
    static void TearDownTestSuite() { server_.reset(); }

    [[nodiscard]] ErrorCode error_of(const std::string& conninfo) {
        try {
            const Connection connection(conninfo, stop_);
            return ErrorCode::internal;
        } catch (const Error& error) {
            return error.code();
        }
    }

    static std::unique_ptr<PostgresServer> server_;
    WakeEvent stop_;
};

std::unique_ptr<PostgresServer> ConnectionTest::server_;

TEST_F(ConnectionTest, AsksAndQuotes) {
    Connection connection(server_->conninfo("postgres"), stop_);
    const Answer answer =
        connection.execute("SELECT $1::int + 1, $2, $3", {"41", "a'b", std::nullopt});
    EXPECT_EQ(answer.integer(0, 0), 42);
    EXPECT_EQ(answer.text(0, 1), "a'b");
    EXPECT_TRUE(answer.is_null(0, 2));
    EXPECT_THROW((void)answer.integer(0, 1), Error);
    EXPECT_EQ(connection.quote_name("A\"b", "c"), "\"A\"\"b\".\"c\"");
    EXPECT_EQ(connection.quote_literal("it's"), "'it''s'");
    EXPECT_EQ(connection.execute("SHOW search_path").text(0, 0), "pg_catalog");
}

TEST_F(ConnectionTest, TellsARefusalFromAServerThatIsAway) {
    EXPECT_EQ(error_of(server_->conninfo("nosuch")), ErrorCode::database_refused);
    EXPECT_EQ(error_of("host=" + server_->socket_directory() + " user=nobody dbname=postgres"),
              ErrorCode::database_refused);
    EXPECT_EQ(error_of("host=/nonexistent dbname=postgres"), ErrorCode::database_unavailable);
    EXPECT_EQ(error_of("nonsense=1"), ErrorCode::database_refused);
}

TEST_F(ConnectionTest, AServerThatSaysNothingIsUnavailable) {
    const int silent = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    ASSERT_EQ(::bind(silent, reinterpret_cast<const sockaddr*>(&address), size), 0);
    ASSERT_EQ(::listen(silent, 8), 0);
    ASSERT_EQ(::getsockname(silent, reinterpret_cast<sockaddr*>(&address), &size), 0);
    EXPECT_EQ(
        error_of("host=127.0.0.1 dbname=postgres port=" + std::to_string(ntohs(address.sin_port))),
        ErrorCode::database_unavailable);
    ::close(silent);
}

TEST_F(ConnectionTest, AHostThatHasGoneIsAskedForUnlessTheConninfoSaysOtherwise) {
    const auto idle_of = [this](const std::string& more) {
        const Connection connection(server_->conninfo("postgres") + more, stop_);
        const std::unique_ptr<PQconninfoOption, void (*)(PQconninfoOption*)> options(
            PQconninfo(connection.raw()), &PQconninfoFree);
        for (const PQconninfoOption* option = options.get(); option->keyword != nullptr; ++option) {
            if (std::string(option->keyword) == "keepalives_idle") {
                return std::string(option->val == nullptr ? "" : option->val);
            }
        }
        return std::string("no such option");
    };
    EXPECT_EQ(idle_of(""), "10");
    EXPECT_EQ(idle_of(" keepalives_idle=99"), "99");
}

TEST_F(ConnectionTest, StopEndsAStatement) {
    Connection connection(server_->conninfo("postgres"), stop_);
    std::thread stopper([this] {
        std::this_thread::sleep_for(std::chrono::milliseconds(100));
        stop_.set();
    });
    try {
        connection.execute("SELECT pg_sleep(600)");
        ADD_FAILURE() << "it went on";
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::cancelled);
    }
    stopper.join();
}

TEST_F(ConnectionTest, ATransactionThatIsLeftIsRolledBack) {
    Connection connection(server_->conninfo("postgres"), stop_);
    connection.execute("CREATE TABLE public.t (a int)");
    {
        Transaction transaction(connection);
        connection.execute("INSERT INTO public.t VALUES (1)");
    }
    {
        Transaction transaction(connection);
        connection.execute("INSERT INTO public.t VALUES (2)");
        transaction.commit();
    }
    EXPECT_EQ(connection.execute("SELECT sum(a) FROM public.t").text(0, 0), "2");
}

TEST_F(ConnectionTest, AServerThatWasKilledIsUnavailable) {
    Connection connection(server_->conninfo("postgres"), stop_);
    server_->kill();
    try {
        connection.execute("SELECT 1");
        ADD_FAILURE() << "it answered";
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::database_unavailable);
    }
    server_->start();
}

TEST(SqlError, SaysWhatToDo) {
    EXPECT_EQ(error_code_of("23505"), ErrorCode::conflict);
    EXPECT_EQ(error_code_of("42P01"), ErrorCode::ddl_pending);
    EXPECT_EQ(error_code_of("22P02"), ErrorCode::ddl_pending);
    EXPECT_EQ(error_code_of("57P01"), ErrorCode::database_unavailable);
    EXPECT_EQ(error_code_of("40P01"), ErrorCode::database_unavailable);
    EXPECT_EQ(error_code_of(""), ErrorCode::database_unavailable);
    EXPECT_EQ(error_code_of("42501"), ErrorCode::database_refused);
}

}  // namespace
}  // namespace farshore::test
