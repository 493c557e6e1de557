#include "tests/agent/secondary/files/tree_changes.hpp"

#include <gtest/gtest.h>

#include "tests/support/process.hpp"

namespace farshore::secondary {

namespace {

void shell(const std::string& root, const std::string& script) {
    const test::Outcome outcome = test::run({"sh", "-euc", "cd \"$1\"\n" + script, "sh", root});
    ASSERT_EQ(outcome.status, 0) << outcome.err;
}

}  // namespace

void make_tree(const std::string& root) {
    shell(root, R"(
        echo stays > stays; echo old > changes; echo same > moves; echo mode > mode
        echo one > link1; ln link1 link2; ln link1 link3
        echo two > apart1; ln apart1 apart2
        echo three > kept1; ln kept1 kept2
        mkdir -p dir/sub dir/gone/deep was_dir to_link empty_dir
        echo a > dir/a; echo b > dir/sub/b; echo c > dir/gone/deep/c
        echo d > was_dir/d; echo e > to_link/e; echo f > was_file
        : > empty; echo same_time_1 > same_time
        touch -d '2020-01-01 00:00:00.123456789' same_time
        ln -s stays pointer; ln -s dir to_dir
        mkfifo pipe
        printf 'x%.0s' $(seq 1 300000) > big
        echo twice > twice1
        chmod 0750 dir; chmod 4755 mode; touch -d '2001-02-03 04:05:06' dir/sub
        touch -d '1999-12-31 23:59:59.5' .
    )");
}

void change_tree(const std::string& root) {
    shell(root, R"(
        echo new content > changes
        mv moves moved
        chmod 0600 mode
        echo one more > link1.new; mv link1.new link1; rm link3; ln link2 link4
        cp -p apart2 apart.new; mv apart.new apart2
        touch -d '2011-11-11 11:11:11' kept1
        rm -r dir/gone; mv dir/sub dir/renamed
        rm -r was_dir; echo now a file > was_dir
        rm -r to_link; ln -s dir to_link
        rm was_file; mkdir was_file; echo inside > was_file/inside
        rm empty; : > empty2; : > empty3
        echo same_time_2 > same_time; touch -d '2020-01-01 00:00:00.123456789' same_time
        ln -sfn dir pointer; rm to_dir; mkdir to_dir; echo g > to_dir/g
        rm pipe; echo no pipe > pipe; mkfifo pipe2
        dd if=/dev/zero of=holes bs=1M count=1 2>/dev/null; echo end >> holes
        cp twice1 twice2; cp -p twice1 twice3; mv twice1 twice4
        printf y >> big
        rmdir empty_dir; mkdir -p new/dir; echo h > new/dir/h; chmod 0500 new/dir
        touch -d '2015-05-05 05:05:05.000000005' new
        touch -d '2000-01-01 00:00:00.25' .
    )");
}

}  // namespace farshore::secondary
