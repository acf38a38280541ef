// What a licence lets a model learn from: permissive licences give `train`; any other known or unknown one
// gives `none`, because nobody here can weigh its terms. Expressions follow SPDX 2.3, annex D.
import { minRights, permits } from "@homegrown/contracts";
import type { Rights } from "@homegrown/contracts";

/** Licences that allow use, change and redistribution with at most attribution. Lower case. */
const PERMISSIVE = new Set(
  (
    "mit mit-0 mit-modern-variant isc 0bsd bsd-1-clause bsd-2-clause bsd-3-clause bsd-3-clause-clear bsd-source-code " +
    "apache-2.0 blueoak-1.0.0 unlicense cc0-1.0 wtfpl zlib libpng bsl-1.0 python-2.0 psf-2.0 ncsa x11 " +
    "afl-2.1 afl-3.0 artistic-2.0 postgresql unicode-3.0 unicode-dfs-2016 upl-1.0 w3c cc-by-3.0 cc-by-4.0"
  ).split(" "),
);

/**
 * SPDX exceptions: each only adds permissions to the licence that it stands behind. What else follows `WITH` may
 * take some away ("Commons-Clause" does) and gives `none`. Lower case.
 */
const EXCEPTIONS = new Set(
  (
    "llvm-exception swift-exception classpath-exception-2.0 gcc-exception-2.0 gcc-exception-3.1 " +
    "autoconf-exception-2.0 autoconf-exception-3.0 bison-exception-2.2 font-exception-2.0 libtool-exception " +
    "linux-syscall-note openjdk-assembly-exception-1.0 ocaml-lgpl-linking-exception " +
    "wxwindows-exception-3.1 universal-foss-exception-1.0 bootloader-exception u-boot-exception-2.0"
  ).split(" "),
);

/** OR gives the better alternative, AND binds by both; what does not parse gives `none`. */
export function rightsOfLicense(expression: string): Rights {
  const words = expression.replaceAll(/[()]/g, " $& ").trim().split(/\s+/);
  let at = 0;
  const either = (): Rights => {
    let rights = both();
    while (words[at]?.toUpperCase() === "OR") {
      at++;
      const other = both();
      rights = permits(other, rights) ? other : rights;
    }
    return rights;
  };
  const both = (): Rights => {
    let rights = one();
    while (words[at]?.toUpperCase() === "AND") {
      at++;
      rights = minRights(rights, one());
    }
    return rights;
  };
  const one = (): Rights => {
    const word = words[at++] ?? "";
    if (word === "(") {
      const inner = either();
      return words[at++] === ")" ? inner : "none";
    }
    if (words[at]?.toUpperCase() === "WITH") {
      at += 2;
      if (!EXCEPTIONS.has(words[at - 1]?.toLowerCase() ?? "")) return "none";
    }
    return PERMISSIVE.has(word.toLowerCase()) ? "train" : "none";
  };
  const rights = either();
  return at >= words.length ? rights : "none";
}
