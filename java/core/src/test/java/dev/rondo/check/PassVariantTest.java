package dev.rondo.check;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class PassVariantTest {
    @Test
    void everyPairOfOptionsOccurs() {
        List<PassVariant> variants = PassVariant.allPairs(1, Set.of());
        for (PassOption a : PassOption.values()) {
            for (PassOption b : PassOption.values()) {
                boolean occurs = variants.stream().anyMatch(variant -> variant.has(a) && variant.has(b));
                assertEquals(a == b || a.goesWith(b), occurs, a + " with " + b);
            }
        }
        assertTrue(variants.size() < 40, "some twenty variants, got " + variants.size());
    }

    @Test
    void oneSeedGivesOneChoice() {
        assertEquals(PassVariant.allPairs(2, Set.of()).toString(), PassVariant.allPairs(2, Set.of()).toString());
    }

    @Test
    void optionsCanBeLeftOut() {
        assertFalse(PassVariant.allPairs(3, Set.of(PassOption.HOLD_UNITS)).stream()
                .anyMatch(variant -> variant.has(PassOption.HOLD_UNITS)));
    }
}
