# What R's package `surveillance` says of series: the judge of insights.methods.
#
#   Rscript judge.R published FOLDER        writes series.csv, farrington.csv and ears.csv of its own published series
#   Rscript judge.R asked SERIES SETS OUT   judges other series by other parameters: a live judge
#   Rscript judge.R night SERIES OUT        judges the last 52 weeks of all series: bounds, alarms, and discoveries among these
#
# A line of series.csv is a name, the day of the first week ("" where years are 52 weeks), weeks a year, and the counts.
# A line of a file of figures is a series, a set of parameters, a method, the first position (from 1), and for each position
# from there on the bound, the mean, the probability, and 1 for an alarm. NA where there is none.
suppressPackageStartupMessages(library(surveillance))
stopifnot(packageVersion("surveillance") == "1.24.1")
options(digits = 15, warn = -1)

as_text <- function(values, digits) paste(ifelse(is.na(values), "NA", formatC(values, digits = digits, format = "g", width = 1)), collapse = " ")

# Sets of parameters by name, as R takes them.
published_sets <- list(
  noufaily = list(b = 4, w = 3, noPeriods = 10, pastWeeksNotIncluded = 26, alpha = .01, pThresholdTrend = 1, weightsThreshold = 2.58),
  three    = list(b = 3, w = 3, noPeriods = 10, pastWeeksNotIncluded = 26, alpha = .01, pThresholdTrend = .05, weightsThreshold = 2.58),
  farrington = list(b = 5, w = 3, noPeriods = 1, pastWeeksNotIncluded = 3, alpha = .05, pThresholdTrend = .05, weightsThreshold = 1),
  two      = list(b = 2, w = 2, noPeriods = 7, pastWeeksNotIncluded = 8, alpha = .05, pThresholdTrend = 1, weightsThreshold = 2.58)
)

# As the night judges five years, of which the last is looked at.
night_set <- c(published_sets$noufaily[-1], b = 3)

made <- function(name, counts, first = "", per_year = 52) list(name = name, counts = as.numeric(counts), first = first, per_year = per_year)

sts_of <- function(one) {
  if (one$first == "") return(new("sts", observed = matrix(one$counts, ncol = 1), freq = one$per_year, start = c(2000, 1)))
  days <- seq(as.Date(one$first), by = "week", length.out = length(one$counts))
  new("sts", observed = matrix(one$counts, ncol = 1), freq = one$per_year, epochAsDate = TRUE, epoch = as.numeric(days), start = c(2000, 1))
}

written <- function(one, set, method, from, found, file) {
  p <- found@control$pvalue
  mean <- found@control$expected
  cat(paste(one$name, set, method, from, as_text(upperbound(found), 15),
            if (method == "delta") as_text(mean, 10) else "", if (is.null(p) || method == "muan") "" else as_text(p, 6),
            paste(ifelse(is.na(alarms(found)), "-", as.integer(alarms(found))), collapse = ""), sep = ","), "\n", sep = "", file = file, append = TRUE)
}

farringtons <- function(one, sets, file, last = 26) {
  for (set in names(sets)) for (method in c("delta", "nbPlugin", "muan")) {
    range <- max(1, length(one$counts) - last + 1):length(one$counts)
    found <- try(farringtonFlexible(sts_of(one), c(sets[[set]], list(range = range, thresholdMethod = method, glmWarnings = FALSE))), silent = TRUE)
    if (inherits(found, "try-error")) cat(paste(one$name, set, method, "", "", "", "", "", sep = ","), "\n", sep = "", file = file, append = TRUE)
    else written(one, set, method, range[1], found, file)
  }
}

ears <- function(one, file, last = 40) {
  for (set in c("0.001", "0.05")) for (method in c("C1", "C2", "C3")) {
    range <- max(12, length(one$counts) - last + 1):length(one$counts)
    found <- earsC(sts_of(one), list(range = range, method = method, alpha = as.numeric(set)))
    written(one, set, method, range[1], found, file)
  }
}

published <- function() {
  of <- function(name) { data(list = name, package = "surveillance", envir = environment()); get(name, envir = environment()) }
  total <- function(x) rowSums(as.matrix(x))
  day <- function(x) format(as.Date(epoch(x)[1]))
  newport <- of("salmNewport"); hospitalized <- of("salmHospitalized"); longer <- of("stsNewport")
  campylobacter <- of("campyDE"); hus <- of("husO104Hosp"); influenza <- of("influMen")$observed
  list(
    made("salmonella.agona", of("salmonella.agona")$observed),
    made("salmNewport", total(observed(newport)), day(newport)),
    made("salmNewport-Baden-Wuerttemberg", observed(newport)[, 1], day(newport)),
    made("stsNewport", observed(longer), day(longer)),
    made("salmHospitalized", observed(hospitalized), day(hospitalized)),
    made("campyDE", campylobacter$case, format(as.Date(campylobacter$date[1]))),
    made("shadar", of("shadar")$observed),
    made("ha", total(of("ha")$observed)),
    made("hepatitisA", of("hepatitisA")$observed),
    made("influMen-influenza", influenza[, 1]),
    made("influMen-meningococci", influenza[, 2]),
    made("fluBYBW", total(observed(of("fluBYBW")))),
    made("measlesDE", total(observed(of("measlesDE")))),
    made("n1", of("n1")$observed),
    made("husO104Hosp", table(factor(as.Date(hus$dHosp), levels = as.character(seq(min(as.Date(hus$dHosp)), max(as.Date(hus$dHosp)), by = "day")))), per_year = 365),
    made("rotaBB", total(observed(of("rotaBB"))), per_year = 12),
    made("meningo.age", total(of("meningo.age")$observed), per_year = 12)
  )
}

given <- commandArgs(trailingOnly = TRUE)
if (given[1] == "published") {
  place <- function(name) file.path(given[2], name)
  unlink(sapply(c("series.csv", "farrington.csv", "ears.csv"), place))
  for (one in published()) {
    cat(paste(one$name, one$first, one$per_year, as_text(one$counts, 12), sep = ","), "\n", sep = "", file = place("series.csv"), append = TRUE)
    ears(one, place("ears.csv"))
    if (one$per_year == 52) farringtons(one, published_sets, place("farrington.csv"))
  }
} else if (given[1] == "night") {
  lines <- strsplit(readLines(given[2]), ",")
  found <- parallel::mclapply(lines, mc.cores = 4, FUN = function(line) {
    one <- made(line[1], as.numeric(strsplit(line[4], " ")[[1]]))
    range <- length(one$counts) - 51:0
    farringtonFlexible(sts_of(one), c(night_set, list(range = range, thresholdMethod = "nbPlugin", glmWarnings = FALSE)))
  })
  alarm <- sapply(found, function(one) as.integer(alarms(one)))
  p <- sapply(found, function(one) as.numeric(one@control$pvalue))
  discovery <- alarm * t(apply(p, 1, function(week) p.adjust(week, "BH") <= 0.05))
  for (number in seq_along(lines)) {
    bits <- function(x) paste(x[, number], collapse = "")
    cat(paste(lines[[number]][1], as_text(upperbound(found[[number]]), 8), bits(alarm), bits(discovery), sep = ","), "\n", sep = "", file = given[3], append = TRUE)
  }
} else {
  sets <- lapply(split(read.csv(given[3]), seq_len(nrow(read.csv(given[3])))), as.list)
  names(sets) <- sapply(sets, function(set) set$name)
  last <- sapply(sets, function(set) set$last)[1]
  sets <- lapply(sets, function(set) set[!names(set) %in% c("name", "last")])
  for (line in strsplit(readLines(given[2]), ",")) {
    one <- made(line[1], suppressWarnings(as.numeric(strsplit(line[4], " ")[[1]])), line[2], as.integer(line[3]))
    farringtons(one, sets, given[4], last)
    if (sum(is.na(one$counts)) == 0) ears(one, paste0(given[4], ".ears"), last)
  }
}
