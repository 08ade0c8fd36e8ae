package dev.rondo.cli.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rondo.text.TextUnit;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** What a browser makes of the page; pictures of it are left in target/report. */
class ReportInBrowserTest {
    private static Chromium browser;

    @TempDir
    private static Path directory;

    private Path page;

    @BeforeAll
    static void start() throws Exception {
        browser = Chromium.start(Chromium.assumeInstalled(), Files.createDirectories(directory.resolve("profile")));
    }

    @AfterAll
    static void end() throws Exception {
        if (browser != null) {
            browser.close();
        }
    }

    /** Opens the page of {@code runs} and makes sure that nothing is wrong with it. */
    private void open(int width, String scheme, Run... runs) throws Exception {
        page = directory.resolve("page.html");
        Report.write(page, Arrays.asList(runs));
        browser.open(page, width, scheme);
        assertEquals(List.of(), browser.problems());
        assertTrue(browser.requests().stream().allMatch(url -> url.equals(page.toUri().toString())
                || url.equals("data:,")), browser.requests().toString());
    }

    private void picture(String name) throws Exception {
        browser.screenshot(Files.createDirectories(Path.of("target", "report")).resolve(name + ".png"));
    }

    /** {@return the path of the validation losses in the first chart} */
    private String validation() throws Exception {
        return browser.evaluate("document.querySelector('figure.chart > svg path.c1').getAttribute('d')").getAsString();
    }

    private int points() throws Exception {
        return validation().split("[ML]").length - 1;
    }

    private String text() throws Exception {
        return browser.evaluate("document.body.innerText").getAsString();
    }

    @Test
    void aTrainingIsDrawnWhole() throws Exception {
        Run run = Samples.run("run", TextUnit.CHARACTER,
                Samples.evaluations(40, TextUnit.CHARACTER, Samples::falling));
        open(1200, "light", run);
        picture("one");
        assertEquals(6, browser.count("figure.chart"));
        assertEquals(1, browser.count("figure.bars"));
        assertEquals(2 + 2 + 1 + 1 + 1 + 2, browser.count("figure.chart > svg path.line"));
        assertEquals(40, points());
        String text = text();
        for (String part : List.of("Loss", "training", "validation", "nats per character", "bits per character",
                "characters per second", "lag (characters)", "clipped from 1.2 on", "lstm of run",
                "15 ms", "recurrent", "9\u00a0(60\u00a0%)", "at step 200", "a <b>bold</b> & \"quoted\"",
                "  indented 🦊 Ü")) {
            assertTrue(text.contains(part), part + " in " + text);
        }
        String best = Numbers.decimal(run.best().orElseThrow().validationLoss(), 4);
        assertEquals(best, browser.evaluate("document.querySelector('.tiles b').textContent").getAsString());
        assertEquals("run – Rondo", browser.evaluate("document.title").getAsString(), "nothing in a sample is run");
    }

    /** Wherever the charts are, at both ends: no label lies on another, or outside. */
    @ParameterizedTest
    @CsvSource({"1200, light", "400, dark"})
    void itFitsTheWindow(int width, String scheme) throws Exception {
        Run first = Samples.run("first", TextUnit.WORD,
                Samples.evaluations(2000, TextUnit.WORD, i -> 3 + Samples.falling(i)));
        Run second = Samples.run("a run with a longer name", TextUnit.WORD,
                Samples.evaluations(7, TextUnit.WORD, i -> 3.1 + Samples.falling(i)));
        for (Run[] runs : new Run[][] {{first}, {first, second}}) {
            open(width, scheme, runs);
            picture(runs.length + "-" + width + "-" + scheme);
            assertTrue(browser.evaluate("document.documentElement.scrollWidth").getAsInt() <= width, "no overflow");
            assertEquals(runs.length > 1, text().contains("Their vocabularies or validation texts differ"));
            assertEquals("", browser.evaluate("""
                    [...document.querySelectorAll('figure > svg')].flatMap(svg => {
                        const outer = svg.getBoundingClientRect();
                        const all = [...svg.querySelectorAll('text')].map(text => [text, text.getBoundingClientRect()]);
                        const meet = (a, b) => a.left < b.right - 1 && b.left < a.right - 1
                            && a.top < b.bottom - 3 && b.top < a.bottom - 3;
                        return all.filter(([_, box], i) => box.left < outer.left - 1 || box.right > outer.right + 1
                                || all.slice(0, i).some(([_, other]) => meet(box, other)))
                            .map(([text]) => svg.getAttribute('aria-label') + ': ' + text.textContent);
                    }).join()""").getAsString());
            // Labels can be read: of at least 9 CSS pixels.
            assertTrue(browser.evaluate("Math.min(...[...document.querySelectorAll('figure.chart > svg')]"
                    + ".map(svg => 12 * svg.getBoundingClientRect().width / 480))").getAsDouble() >= 9);
        }
    }

    @Test
    void thePointerIsToldTheFigures() throws Exception {
        open(1200, "light",
                Samples.run("run", TextUnit.BYTE, Samples.evaluations(40, TextUnit.BYTE, i -> 2 - i / 50.0)));
        List<Double> box = browser.evaluate("(box => [box.left, box.top, box.width, box.height])"
                + "(document.querySelector('figure.chart > svg').getBoundingClientRect())")
                .getAsJsonArray().asList().stream().map(e -> e.getAsDouble()).toList();
        browser.point(box.get(0) + 0.5 * box.get(2), box.get(1) + 0.5 * box.get(3));
        String tip = browser.evaluate("document.querySelector('.tip:not([hidden])').innerText").getAsString();
        assertTrue(tip.matches("step [12],[0-9]{3}\\ntraining 1\\.[0-9]+\\nvalidation 1\\.[0-9]+"), tip);
        assertTrue(browser.evaluate("""
                (([tip, chart]) => tip.left > chart.left && tip.right < chart.right && tip.top > chart.top
                    && tip.bottom < chart.bottom)(['.tip:not([hidden])', 'figure.chart > svg']
                        .map(name => document.querySelector(name).getBoundingClientRect()))""").getAsBoolean(),
                "it is within the chart");
        browser.point(2, 2);
        assertEquals(0, browser.count(".tip:not([hidden])"));
    }

    @Test
    void aTrainingWithoutEvaluationsIsAPage() throws Exception {
        open(1200, "light", new Run("run", TextUnit.WORD, Map.of("model", "gru"), Map.of(), List.of(), List.of(),
                List.of()));
        assertTrue(text().contains("No evaluation yet.") && text().contains("gru"), text());
        assertEquals(0, browser.count("figure"));
    }

    @Test
    void oneEvaluationIsDots() throws Exception {
        open(1200, "light", Samples.run("run", TextUnit.WORD, Samples.evaluations(1, TextUnit.WORD, i -> 5)));
        picture("dots");
        assertEquals(2, browser.count("figure.chart:nth-child(1) circle"));
        assertTrue(text().contains("perplexity per word"));
    }

    /** The line is broken where there is no number; losses that ran away do not hide the others. */
    @Test
    void whatIsNoNumberIsLeftOut() throws Exception {
        double[] losses = {4, 3, Double.NaN, 2.5, Double.POSITIVE_INFINITY, 2.4, 2.3, 1e30, Double.MAX_VALUE};
        open(1200, "light", Samples.run("run", TextUnit.CHARACTER,
                Samples.evaluations(losses.length, TextUnit.CHARACTER, i -> losses[i])));
        picture("no-numbers");
        String line = validation();
        assertEquals(3, line.chars().filter(c -> c == 'M').count(), line);
        assertEquals(losses.length - 2, points(), line);
        assertFalse(browser.evaluate("document.body.innerHTML").getAsString().contains("NaN"));
        assertTrue(text().contains("(logarithmic)"));
        open(1200, "light", Samples.run("run", TextUnit.CHARACTER,
                Samples.evaluations(3, TextUnit.CHARACTER, i -> Double.NaN)));
        assertEquals(6, browser.count("figure.chart"));
    }

    @ParameterizedTest
    @EnumSource(names = {"CHARACTER", "WORD"})
    void tenThousandEvaluationsAreThinnedOut(TextUnit unit) throws Exception {
        open(1200, "light", Samples.run("run", unit, Samples.evaluations(10_000, unit, Samples::falling)));
        assertTrue(points() >= 200 && points() <= 402, points() + " points");
        assertTrue(Files.size(page) < 300_000, Files.size(page) + " bytes");
        assertTrue(text().contains(unit.measureName()));
        assertEquals(40, browser.count("details tbody tr"));
    }

    @Test
    void runsLieOverEachOther() throws Exception {
        var runs = new Run[9];
        for (int i = 0; i < runs.length; i++) {
            double shift = i / 20.0;
            runs[i] = Samples.run("run-" + i, TextUnit.CHARACTER,
                    Samples.evaluations(20, TextUnit.CHARACTER, k -> shift + Samples.falling(k)));
        }
        open(1200, "dark", runs);
        picture("nine");
        assertEquals(9, browser.count("figure.chart:nth-child(1) > svg path.line"));
        int looks = browser.evaluate("""
                new Set([...document.querySelectorAll('figure.chart:nth-child(1) > svg path.line')]
                    .map(line => getComputedStyle(line)).map(style => style.stroke + style.strokeDasharray)).size""")
                .getAsInt();
        assertEquals(9, looks, "all can be told apart");
        assertTrue(text().contains("Settings that differ") && text().contains("lstm of run-8"));
        assertFalse(text().contains("Machines and software that differ"));
    }

    /** What would wait for an answer of it hears at once that there is none. */
    @Test
    void aBrowserThatEndedIsNotWaitedFor() throws Exception {
        Path profile = Files.createDirectories(directory.resolve("ended"));
        Chromium ended = Chromium.start(Chromium.assumeInstalled(), profile);
        ended.close();
        var refused = assertThrows(ExecutionException.class, () -> ended.evaluate("1"));
        assertTrue(refused.getMessage().contains("the browser"), refused::toString);
    }
}
