import pytest

from aidc.controlplane.logs import telling_lines


@pytest.mark.parametrize(
    ("log", "told"),
    [
        (["one", "two", "three"], ["two", "three"]),
        ([], []),
        (
            [
                '{"level":"info","msg":"starting"}',
                '{"level":"panic","msg":"failed to open database","error":"invalid database","stacktrace":"x"}',
                "panic: failed to open database",
                "",
                "goroutine 1 [running]:",
                "go.uber.org/zap.(*Logger).Panic(0x1a83e1b70e0?, {0x12a7dc3?, 0x180?}, {0x1a83e408a00, 0x2})",
                "\tgo.uber.org/zap/logger.go:285",
            ],
            ["panic: failed to open database: invalid database", "panic: failed to open database"],
        ),
        (
            [
                'I1121 10:42:43.0 10534 options.go:263] "ready"',
                "W1121 10:42:43.078994   10534 logging.go:55] failed to connect",
                'E1121 10:42:47.176254   10534 run.go:72] "command failed" err="listen tcp: address already in use"',
            ],
            ['"command failed" err="listen tcp: address already in use"'],
        ),
        (["F1121 10:42:47.1 1 x.go:1] no luck"], ["fatal: no luck"]),
        (
            ["--flag  what an error does", "panic: bad flag", "goroutine 1 [running]:", "main.main()", "exit status 2"],
            ["panic: bad flag"],
        ),
        (
            ['{"time":"t","level":"ERROR","msg":"Execute exit","err":"no parallelism"}', "{broken"],
            ["error: Execute exit: no parallelism"],
        ),
        (["error: " + "x" * 500], ["error: " + "x" * 390 + "..."]),
    ],
)
def test_a_log_is_reduced_to_what_went_wrong(log, told):
    assert telling_lines(log) == told
