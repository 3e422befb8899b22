<?php
// Run with: php test.php
declare(strict_types=1);

require __DIR__ . '/index.php';

$failed = 0;
$expect = function (array $expected, array $actual) use (&$failed): void {
    if ($expected !== $actual) {
        $failed++;
        fprintf(STDERR, "expected %s, got %s\n", json_encode($expected), json_encode($actual));
    }
};

$expect([200, "Hello World!\n"], answer_to('/'));
putenv('TARGET=Knative');
$expect([200, "Hello Knative!\n"], answer_to('/'));
$expect([200, "ok\n"], answer_to('/healthz'));
$expect([404, "not found\n"], answer_to('/nothing'));

echo $failed === 0 ? "ok\n" : "$failed failed\n";
exit($failed === 0 ? 0 : 1);
