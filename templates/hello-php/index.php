<?php
// Says hello to $TARGET. Run with: php -S 0.0.0.0:8080 index.php
declare(strict_types=1);

/** @return array{int, string} status and text */
function answer_to(string $path): array
{
    return match ($path) {
        '/' => [200, sprintf("Hello %s!\n", getenv('TARGET') ?: 'World')],
        '/healthz' => [200, "ok\n"],
        default => [404, "not found\n"],
    };
}

// The tests load this file for its function alone.
if (PHP_SAPI === 'cli-server') {
    [$status, $text] = answer_to(parse_url($_SERVER['REQUEST_URI'], PHP_URL_PATH) ?: '');
    http_response_code($status);
    header('Content-Type: text/plain; charset=utf-8');
    echo $text;
}
