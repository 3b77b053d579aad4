//! The AV1 dependency descriptor (RTP Payload Format For AV1, version 1.0, appendix A): which
//! layers a frame belongs to, and where a viewer of fewer layers may take in more.
//!
//! The structure that the numbers refer to comes with keyframes only. Whatever does not parse says
//! nothing; viewers are given the bytes as they are, but for the frame number.

use crate::border::Svc;

/// Bytes that every descriptor has: flags, template, frame number.
const FIXED: usize = 3;
/// Templates that ids of six bits tell apart.
const MAX_TEMPLATES: usize = 64;
/// Highest layers that a stream may have.
const MAX_SPATIAL: u8 = 3;
const MAX_TEMPORAL: u8 = 7;
/// Frame is not part of the decode target; no later frame of it needs it; it can begin here.
const NOT_PRESENT: u8 = 0;
const DISCARDABLE: u8 = 1;
const SWITCH: u8 = 2;

/// The frame number of a descriptor.
pub(crate) fn frame_number(descriptor: &[u8]) -> Option<u16> {
    let fixed = descriptor.first_chunk::<FIXED>()?;
    Some(u16::from_be_bytes([fixed[1], fixed[2]]))
}

/// Moves the frame number of a descriptor on; one that is too short stays as it is.
pub(crate) fn renumber(descriptor: &mut [u8], offset: u16) {
    if let Some(number) = frame_number(descriptor) {
        let number = number.wrapping_add(offset);
        descriptor[1..FIXED].copy_from_slice(&number.to_be_bytes());
    }
}

/// What the last structure of a source said.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Structure {
    /// Of the frame that it came with.
    frame: u16,
    offset: u8,
    templates: Vec<Template>,
    targets: Vec<Target>,
    scalable: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Template {
    spatial: u8,
    temporal: u8,
    meaning: Meaning,
}

/// The highest layers of a decode target.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Target {
    spatial: u8,
    temporal: u8,
}

/// What the decode target indications of a frame come to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Meaning {
    switch_up: bool,
    opens: u8,
    discardable: bool,
}

/// What one descriptor said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Described {
    /// It came with a structure.
    pub(crate) structure: bool,
    /// The place of the frame, if the structure tells it.
    pub(crate) svc: Option<Svc>,
}

/// The descriptors of one source.
#[derive(Debug, Default)]
pub(crate) struct Dependencies {
    structure: Option<Box<Structure>>,
}

impl Dependencies {
    /// Reads a descriptor. `None`: it is broken, or nothing it refers to has come yet; viewers
    /// are better off without it then.
    pub(crate) fn look(&mut self, descriptor: &[u8]) -> Option<Described> {
        let mut bits = Bits::new(descriptor);
        let (begins, ends) = (bits.flag()?, bits.flag()?);
        let (id, frame) = (bits.take(6)? as u8, bits.take(16)? as u16);
        let extended = descriptor.len() > FIXED;
        let mut flag = || if extended { bits.flag() } else { Some(false) };
        let (attached, active, custom) = (flag()?, flag()?, flag()?);
        let (_differences, _chains) = (flag()?, flag()?);
        if attached {
            let structure = structure(&mut bits, frame)?;
            let newer = |known: &Structure| (frame.wrapping_sub(known.frame) as i16) >= 0;
            if self.structure.as_deref().is_none_or(newer) {
                self.structure = Some(Box::new(structure));
            }
        }
        let structure = self.structure.as_deref()?;
        let place = usize::from(id.wrapping_sub(structure.offset) % MAX_TEMPLATES as u8);
        let mut template = structure.templates.get(place).copied();
        if custom && let Some(template) = &mut template {
            if active {
                bits.take(structure.targets.len() as u32)?;
            }
            let mut indications = [0; 32];
            let indications = &mut indications[..structure.targets.len()];
            for indication in indications.iter_mut() {
                *indication = bits.take(2)? as u8;
            }
            template.meaning = meaning(indications, &structure.targets, template);
        }
        let template = template.filter(|_| structure.scalable);
        Some(Described {
            structure: attached,
            svc: template.map(|template| Svc {
                has_info: true,
                spatial: template.spatial,
                temporal: template.temporal,
                begins,
                ends,
                switch_up: template.meaning.switch_up,
                opens: template.meaning.opens,
                discardable: template.meaning.discardable,
            }),
        })
    }
}

/// `template_dependency_structure()`, all of it: what comes behind it has to be found.
fn structure(bits: &mut Bits<'_>, frame: u16) -> Option<Structure> {
    let offset = bits.take(6)? as u8;
    let count = bits.take(5)? as usize + 1;
    let mut templates = layers(bits)?;
    let mut indications = Vec::with_capacity(templates.len() * count);
    for _ in 0..templates.len() * count {
        indications.push(bits.take(2)? as u8);
    }
    let mut targets = vec![Target::default(); count];
    for (template, indications) in templates.iter().zip(indications.chunks(count)) {
        let reached = targets.iter_mut().zip(indications);
        for (target, _) in reached.filter(|(_, it)| **it != NOT_PRESENT) {
            target.spatial = template.spatial.max(target.spatial);
            target.temporal = template.temporal.max(target.temporal);
        }
    }
    for (template, indications) in templates.iter_mut().zip(indications.chunks(count)) {
        template.meaning = meaning(indications, &targets, template);
    }
    for _ in &templates {
        while bits.flag()? {
            bits.take(4)?;
        }
    }
    let chains = bits.below(count as u32 + 1)?;
    if chains > 0 {
        for _ in 0..count {
            bits.below(chains)?;
        }
        for _ in 0..templates.len() as u32 * chains {
            bits.take(4)?;
        }
    }
    let highest = templates.last()?.spatial;
    if bits.flag()? {
        for _ in 0..=highest {
            bits.take(32)?;
        }
    }
    let scalable = highest > 0 || templates.iter().any(|template| template.temporal > 0);
    Some(Structure {
        frame,
        offset,
        templates,
        targets,
        scalable,
    })
}

/// `template_layers()`.
fn layers(bits: &mut Bits<'_>) -> Option<Vec<Template>> {
    let (mut templates, mut next) = (Vec::new(), Template::default());
    loop {
        if templates.len() == MAX_TEMPLATES {
            return None;
        }
        templates.push(next);
        match bits.take(2)? {
            0 => {}
            1 => next.temporal += 1,
            2 => (next.spatial, next.temporal) = (next.spatial + 1, 0),
            _ => return Some(templates),
        }
        if next.temporal > MAX_TEMPORAL || next.spatial > MAX_SPATIAL {
            return None;
        }
    }
}

/// What a frame means to those who take fewer layers. Targets with higher spatial layers than the
/// frame's call it required where theirs is a switch, so only those of its own are asked.
fn meaning(indications: &[u8], targets: &[Target], of: &Template) -> Meaning {
    let present = || {
        let all = indications.iter().zip(targets);
        all.filter(|(indication, _)| **indication != NOT_PRESENT)
    };
    let begins = |layer: u8| {
        let own = |target: &Target| (target.spatial, target.temporal) == (of.spatial, layer);
        let mut those = present().filter(|(_, target)| own(target)).peekable();
        those.peek().is_some() && those.all(|(indication, _)| *indication == SWITCH)
    };
    let highest = targets.iter().map(|target| target.temporal).max();
    let opens = (of.temporal..=MAX_TEMPORAL).take_while(|layer| begins(*layer));
    let opens = opens
        .last()
        .map_or(0, |layer| match Some(layer) == highest {
            true => MAX_TEMPORAL,
            false => layer,
        });
    Meaning {
        switch_up: begins(of.temporal),
        opens,
        discardable: present().next().is_some() && present().all(|(it, _)| *it == DISCARDABLE),
    }
}

/// Bits of a descriptor, the most significant first. Past the end everything is `None`.
struct Bits<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Bits<'a> {
    fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    fn flag(&mut self) -> Option<bool> {
        let byte = self.bytes.get(self.at / 8)?;
        let bit = byte >> (7 - self.at % 8) & 1;
        self.at += 1;
        Some(bit == 1)
    }

    /// `f(count)`, at most 32 bits.
    fn take(&mut self, count: u32) -> Option<u32> {
        let mut value = 0;
        for _ in 0..count {
            value = value << 1 | u32::from(self.flag()?);
        }
        Some(value)
    }

    /// `ns(n)`: a number below `n`, which is not 0.
    fn below(&mut self, n: u32) -> Option<u32> {
        let width = 32 - n.leading_zeros();
        let short = (1 << width) - n;
        let value = self.take(width - 1)?;
        if value < short {
            return Some(value);
        }
        Some((value << 1) - short + self.take(1)?)
    }
}

#[cfg(test)]
mod tests;
