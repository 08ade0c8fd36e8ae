package dev.rondo.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rondo.cell.Backend;
import dev.rondo.kernel.Backends;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Whatever goes wrong is one line that says what to do, and an exit code. */
class ErrorsTest {
    private static final int FAILED = 1;
    private static final int MISUSED = 2;

    @TempDir
    private Path directory;

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '"', textBlock = """
            trian                           | unknown command 'trian'
            train --nope                    | Unknown option: '--nope'
            train extra                     | 'extra'
            train --text                    | Missing required parameter for option '--text'
            train --steps 0                 | --steps: expected at least 1, got 0
            train --steps -3                | --steps: expected at least 1, got -3
            train --steps many              | 'many' is not a long
            train --epochs 0                | --epochs: expected
            train --minutes 0               | --minutes: expected a number above 0
            train --minutes NaN             | --minutes: expected a number above 0
            train --steps 5 --epochs 2      | --steps=N, --epochs=N are mutually exclusive
            train --hidden 0                | --hidden: expected at least 1, got 0
            train --cell gnu                | --cell: expected one of [
            train --cell gru:rest=after     | --cell: option of gru: expected one of [reset], got rest
            train --cell gru --resume x     | cannot be had with --cell
            train --optimizer adma          | --optimizer: expected one of [sgd, nesterov, rmsprop,
            train --optimizer sgd           | --optimizer: sgd: expected learningRate=NUMBER, got none
            train --optimizer sgd:learningRate=0 | --optimizer: learningRate: expected a number above 0, got 0.0
            train --schedule cosine         | --schedule: cosine: expected steps=NUMBER, got none
            train --schedule constant --resume x | cannot be had with --schedule
            train --layers 0                | --layers: expected at least 1, got 0
            train --dropout 1               | --dropout: expected 0 to below 1, got 1.0
            train --dropout 0.5 --resume x  | cannot be had with --dropout
            train --recurrent-dropout 1     | --recurrent-dropout: expected 0 to below 1, got 1.0
            train --recurrent-dropout 0.5 --cell mingru | --recurrent-dropout: expected a cell that multiplies
            train --embedding-dropout 0.5   | --embedding-dropout: expected --embedding N beside it, got none
            train --adaptive-softmax 5 --tied | --adaptive-softmax has weights of its own: not with --tied
            train --embedding-dropout 1     | --embedding-dropout: expected 0 to below 1, got 1.0
            train --zoneout -1              | --zoneout: expected 0 to below 1, got -1.0
            train --dropout 0.1 --variational-dropout 0.1 | --variational-dropout is instead of --dropout
            train --embedding -1            | --embedding: expected at least 0, got -1
            train --tied --embedding 3      | --tied: expected --embedding 256, as wide as a layer puts out, got 3
            train --adaptive-softmax 5,3    | --adaptive-softmax: expected
            train --adaptive-softmax x      | --adaptive-softmax
            train --vectors x --embedding 3 | --vectors have a width of their own: not with --embedding
            train --init normal             | --init: expected uniform=X, got normal
            train --init uniform=x          | --init: expected a number after uniform=, got uniform=x
            train --init uniform=-1         | --init: limit: expected a number of at least 0, got -1.0
            train --time-steps 0            | --time-steps: expected at least 1, got 0
            train --clip 0                  | --clip: limit: expected a number above 0, got 0.0
            train --clip all:3              | --clip: expected a number, or one of none, value, norm
            train --schedule cosine:steps=2days | --schedule: steps: expected a number, got "2days"
            train --evaluate-every 0        | --evaluate-every: expected a number of steps, or one of epochs
            train --evaluate-every 3days    | --evaluate-every: expected a number of steps, or one of epochs
            train --patience -1             | --patience: expected at least 0, got -1
            train --seeds 0                 | --seeds: expected at least 1, got 0
            train --preset zaremba          | --preset: expected one of [char-rnn, zaremba-small, zaremba-medium,
            train --preset char-rnn --resume x | cannot be had with --preset
            train --seeds 2 --resume x      | cannot be had with --seeds
            train --batch -1                | --batch: expected at least 1, got -1
            train --threads 0               | --threads: expected 1 to 1024, got 0
            train --threads 100000          | --threads: expected 1 to 1024, got 100000
            train --backend gpu             | expected one of [REFERENCE, VECTOR, NATIVE]
            train --resume x --hidden 3     | cannot be had with --hidden
            train --resume x --text y       | cannot be had with --text
            train --unit glyph              | --unit: expected character, byte, word or sub-word, got glyph
            train --min-count 2             | --min-count is for --unit word
            train --unit byte --lower-case  | --lower-case is for --unit word
            train --unit word --min-count 0 | --min-count: expected at least 1, got 0
            train --unit word --vocabulary-size 1 | --vocabulary-size: expected at least 2, got 1
            train --unit sub-word           | --unit sub-word needs --tokenizer FILE
            train --unit word --tokenizer x | --tokenizer is for --unit sub-word
            train --unit word --resume x    | cannot be had with --unit
            generate                        | Missing required option: '--model=DIR'
            generate --model x --length -1  | --length: expected at least 0, got -1
            generate --model x --top-p 2    | --top-p: expected above 0 to 1, got 2.0
            generate --model x --temperature -1 | --temperature: expected a number from 0 on, got -1.0
            generate --model x --top-k 0    | --top-k: expected at least 1, got 0
            generate --model x --samples 0  | --samples: expected at least 1, got 0
            generate --model x --beam 0     | --beam: expected at least 1, got 0
            generate --model x --beam 2 --n-best 3 | --n-best: expected 1 to --beam 2, got 3
            generate --model x --beam 2 --seed 1 | --seed cannot be had with --beam
            generate --model x --n-best 2   | --n-best is for --beam
            generate --model x --beam 2 --length-penalty -1 | --length-penalty: expected a number from 0 on, got -1.0
            generate --model x --stop=      | --stop: expected a text, got an empty one
            generate --model x --threads 0  | --threads: expected 1 to 1024, got 0
            score                           | Missing required option: '--model=DIR'
            score --model x --rank --tokens | --tokens, --rank are mutually exclusive
            score --model x --per-unit      | --per-unit is for --rank
            score --model x --candidates a,b | --candidates is for --fill
            score --model x --rank --top 3  | --top is for --fill
            score --model x --fill --top 0  | --top: expected at least 1, got 0
            score --model x --format xml    | --format
            info --what                     | Unknown option: '--what'
            """)
    void wrongUsage(String command, String message) {
        Outcome.of((Object[]) command.split(" ")).failed(MISUSED, message);
    }

    @Test
    void noCommand() {
        Outcome outcome = Outcome.of();
        assertEquals(MISUSED, outcome.exitCode());
        assertTrue(outcome.err().startsWith("Usage: rondo [-hV] COMMAND"), outcome.err());
    }

    @Test
    void textsThatCannotBeLearned() throws IOException {
        Path absent = directory.resolve("absent.txt");
        Outcome.of("train", "--text", absent).failed(FAILED, absent + ": no such file or directory");

        Path empty = Files.writeString(directory.resolve("empty.txt"), "");
        Outcome.of("train", "--text", empty).failed(FAILED, empty + ": no text in it");

        Path none = Files.createDirectory(directory.resolve("none"));
        Outcome.of("train", "--text", none).failed(FAILED, none + ": no text in it");

        Path tiny = Files.writeString(directory.resolve("tiny.txt"), "hi");
        Outcome.of("train", "--text", tiny).failed(FAILED, "text: expected at least 20 characters");

        Path brief = Files.writeString(directory.resolve("brief.txt"), "a few words ".repeat(10));
        Outcome.of("train", "--text", brief, "--out", directory.resolve("run"))
                .failed(FAILED, "text: expected at least 2048 characters to learn from for --batch 32, got 108;"
                        + " --batch 1 is the most for it");
        Outcome.of("train", "--text", brief, "--steps", 1, "--batch", 2, "--out", directory.resolve("run"))
                .failed(FAILED, "text: expected at least 128 characters to learn from for --batch 2, got 108;");
        assertFalse(Files.exists(directory.resolve("run")), "nothing is left behind");

        Path image = Files.write(directory.resolve("image"), new byte[] {'P', 'N', 'G', (byte) 0x89, 0, 1});
        Outcome.of("train", "--text", image).failed(FAILED, image + ": not UTF-8 text (byte 0x89 at offset 3)");

        Path zeros = Files.write(directory.resolve("zeros"), new byte[100]);
        Outcome.of("train", "--text", zeros).failed(FAILED, zeros + ": not text (it holds NUL characters)");
    }

    @Test
    void placesThatCannotBeWritten() throws IOException {
        Path file = Files.writeString(directory.resolve("file"), "");
        Object[] train = SmallText.with(SmallText.train(directory), "--steps", 1);
        train[train.length - 3] = file.resolve("run");
        Outcome.of(train).failed(FAILED, file.toString());

        Outcome.of(SmallText.train(directory, "--steps", 1, "--json", file.resolve("figures.jsonl")))
                .failed(FAILED, file + ": exists and is not a directory");
        Outcome.of(SmallText.train(directory, "--steps", 1, "--json", directory)).failed(FAILED, directory + ": ");
        assertFalse(Files.exists(directory.resolve("run")), "nothing is left behind");
    }

    @Test
    void backendsThatAreNotHere() throws IOException {
        for (Backend backend : Backend.values()) {
            if (Backends.missing(backend).isPresent()) {
                Outcome.of(SmallText.train(directory, "--backend", backend))
                        .failed(FAILED, "backend " + backend + ": not available");
            }
        }
    }

    @Test
    void directoriesWithoutATraining() throws IOException {
        Path absent = directory.resolve("absent");
        Outcome.of("train", "--resume", absent).failed(FAILED, absent + ": no training to resume");
        Outcome.of("train", "--resume", directory).failed(FAILED, directory + ": no training to resume");
        Outcome.of("generate", "--model", absent).failed(FAILED, absent + ": no such file or directory");
        Outcome.of("generate", "--model", directory)
                .failed(FAILED, directory + ": no model in it, neither best.rondo nor last.rondo");
        Path text = Files.writeString(directory.resolve("text"), "no model");
        Outcome.of("generate", "--model", text).failed(FAILED, text + ": not a Rondo checkpoint");
    }

    @Test
    void damagedModelsAndTextsToScore() throws IOException {
        Outcome.of(SmallText.train(directory, "--steps", 2)).succeeded();
        Path run = directory.resolve("run");

        Path empty = Files.writeString(directory.resolve("empty.txt"), "");
        Outcome.of("score", "--model", run, empty).failed(FAILED, empty + ": is empty");
        Outcome.with("", "score", "--model", run).failed(FAILED, "standard input: is empty");
        Path absent = directory.resolve("absent.txt");
        Outcome.of("score", "--model", run, absent).failed(FAILED, absent + ": no such file or directory");
        Outcome.of("score", "--model", run, directory).failed(FAILED, directory + ": is a directory");

        Path damaged = damage(run.resolve("best.rondo"));
        Outcome.of("generate", "--model", run).failed(FAILED, damaged + ": damaged or truncated");
        damage(run.resolve("last.rondo"));
        Outcome.of("train", "--resume", run).failed(FAILED, "last.rondo: damaged or truncated");
    }

    @Test
    void theTraceIsOneOptionAway() {
        Outcome outcome = Outcome.of("generate", "--debug", "--model", directory.resolve("absent"));
        assertEquals(FAILED, outcome.exitCode());
        assertTrue(outcome.err().startsWith("rondo: ") && outcome.err().contains("\tat dev.rondo."), outcome.err());
    }

    private static Path damage(Path file) throws IOException {
        byte[] bytes = Files.readAllBytes(file);
        bytes[bytes.length / 2] ^= 1;
        return Files.write(file, Arrays.copyOf(bytes, bytes.length));
    }
}
