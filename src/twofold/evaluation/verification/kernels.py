"""The two inner loops over sorted comparisons, compiled; `walk` says what they compute."""

import numba


@numba.njit(cache=True, parallel=True, nogil=True)
def walk(first, second, is_mated, last, weights, mated, non_mated, fmr, eer, fnmr):  # type: ignore[no-untyped-def]
    for r in numba.prange(weights.shape[0]):
        if mated[r] <= 0 or non_mated[r] <= 0:
            continue
        weight = weights[r]
        matches, false = 0.0, 0.0
        before_fmr, before_fnmr = 0.0, 1.0
        g, crossed = 0, False
        for i in range(len(first)):
            a, b = first[i], second[i]
            w = weight[a] if a == b else weight[a] * weight[b]
            if is_mated[i]:
                matches += w
            else:
                false += w
            if not last[i]:
                continue
            now_fmr, now_fnmr = false / non_mated[r], (mated[r] - matches) / mated[r]
            while g < len(fmr) and now_fmr > fmr[g] * (1 + 1e-12):
                fnmr[r, g] = before_fnmr
                g += 1
            if not crossed and now_fmr >= now_fnmr:
                gap, over = before_fnmr - before_fmr, now_fmr - now_fnmr
                share = gap / (gap + over) if gap + over > 0 else 1.0
                eer[r] = before_fmr + share * (now_fmr - before_fmr)
                crossed = True
            before_fmr, before_fnmr = now_fmr, now_fnmr
            if crossed and g == len(fmr):
                break
        while g < len(fmr):
            fnmr[r, g] = before_fnmr
            g += 1
        if not crossed:
            # So many failures that FNMR stays above FMR even where every score passes.
            eer[r] = before_fnmr


@numba.njit(cache=True, parallel=True, nogil=True)
def passed(first, second, is_mated, weights, ends, matches, false):  # type: ignore[no-untyped-def]
    for r in numba.prange(weights.shape[0]):
        weight = weights[r]
        right, wrong, i = 0.0, 0.0, 0
        for t in range(len(ends)):
            while i < ends[t]:
                a, b = first[i], second[i]
                w = weight[a] if a == b else weight[a] * weight[b]
                if is_mated[i]:
                    right += w
                else:
                    wrong += w
                i += 1
            matches[r, t] = right
            false[r, t] = wrong
